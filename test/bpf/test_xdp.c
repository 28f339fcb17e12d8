#include <criterion/criterion.h>
TestSuite(xdp);

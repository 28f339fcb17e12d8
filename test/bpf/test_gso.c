#include <criterion/criterion.h>
TestSuite(gso);

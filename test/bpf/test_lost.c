#include <criterion/criterion.h>
TestSuite(lost);

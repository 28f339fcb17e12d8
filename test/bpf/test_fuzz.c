#include <criterion/criterion.h>
TestSuite(fuzz);

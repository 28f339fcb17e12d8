#include <criterion/criterion.h>
TestSuite(learning);

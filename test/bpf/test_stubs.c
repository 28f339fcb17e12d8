#include <criterion/criterion.h>
TestSuite(stubs);

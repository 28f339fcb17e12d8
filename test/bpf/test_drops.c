#include <criterion/criterion.h>
TestSuite(drops);

#include <criterion/criterion.h>
TestSuite(flood);

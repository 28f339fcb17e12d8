#include <criterion/criterion.h>
TestSuite(egress);

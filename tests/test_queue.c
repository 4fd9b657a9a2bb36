#include "tests/support/support.h"
int main(void){return 0;}

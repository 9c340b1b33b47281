// Uses types of a .flow file without being a service.

#include "shop/money.flow.h"

int main() {
  const shop::money::Price price{.amount = 1, .currency = shop::money::Currency{"EUR"}};
  return price.amount == 1 ? 0 : 1;
}

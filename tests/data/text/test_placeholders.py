"""Tags that steer a shop are told from those that describe a product."""

import pytest

from pipeline.data.text.placeholders import steers_the_shop

SHOP = (
    "bogo-socks, free-shipping, __label:New, YGroup_vase, gift-wrap, google-exclude, dog-charity-sale, "
    "phone-orders-only, pos-only, tax-food-exempt, bundle-with-mug, kitchen-newsletter, mothersday-flowers, "
    "Sale, NEW, new-arrivals, SKU-4711, AB1234, _private, 2023-04-01, "
    "import 2024, 4711, 50%, promo, Neu, nouveauté, 新品"
)
PRODUCT = (
    "t-shirt, New Balance, stoneware, 3 in 1, A4, USB3, wall-art, décor, 木綿, kitchen & dining, all-weather, 100% wool"
)


@pytest.mark.parametrize("tag", SHOP.split(", "))
def test_tags_for_the_shop_are_told(tag):
    assert steers_the_shop(tag)


@pytest.mark.parametrize("tag", PRODUCT.split(", "))
def test_tags_of_the_product_stay(tag):
    assert not steers_the_shop(tag)

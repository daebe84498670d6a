"""Shop systems as tables: the headings by which an export is known, and those that hold each of our fields.

Headings are written as `fold_heading` gives them; of several for one field, the first filled cell of a row counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

_NUMBERS = (1, 2, 3)
"""Options or attributes of a product that are read."""

Fold = Literal["", "same", "parent", "above"]


@dataclass(frozen=True)
class CategoryCells:
    """How a system writes several categories of a product into one cell.

    Attributes:
        between: Stands between paths; "" where there is one.
        level: Stands between the levels of a path, besides ">".
        root: Name of a top level that all paths have, casefolded; it is left out.
    """

    between: str = ""
    level: str = ""
    root: str = ""


@dataclass(frozen=True)
class Profile:
    """How the exports of a shop system are laid out.

    Attributes:
        kind: Of the source.
        system: Its name, for people.
        known_by: A table that has all headings of one of these is such an export.
        columns: Headings of each of our fields (`mapping.FIELDS`).
        options: Pairs of headings, of an option's values and of its name, "" where the heading of the values names it.
        fold: Which rows are one product: "same": those with the same `group`; "parent": a row joins the product that
            its `group` names by id, or by "id:" and its `number`; "": each row is one.
        categories: How a category cell is written.
    """

    kind: str
    system: str
    known_by: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]] = field(repr=False)
    fold: Fold = ""
    categories: CategoryCells = CategoryCells()
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def _named(*headings: str) -> tuple[tuple[str, str], ...]:
    """Columns of options whose headings are their names."""
    return tuple((heading, "") for heading in headings)


SHOPIFY = Profile(
    "shopify-export",
    "Shopify export",
    (
        ("handle", "title", "body (html)"),
        ("handle", "title", "body html"),
        ("handle", "title", "vendor"),
        ("handle", "title", "image src"),
        ("url handle", "title"),
    ),
    {
        "group": ("handle", "url handle"),
        "product_title": ("title",),
        "product_description": ("body (html)", "body html", "description"),
        "product_image": ("image src", "product image url"),
        "variant_image": ("variant image", "variant image url"),
        "image_position": ("image position",),
        "ground_truth_category": (
            "product category",
            "category",
            "category: id",
            "standardized product type",
            "standard product type",
            "google shopping / google product category",
        ),
        "ground_truth_brand": ("vendor",),
        "product_type": ("type", "custom product type"),
        "tags": ("tags",),
        "collections": ("collections", "collection", "custom collections", "smart collections"),
    },
    fold="same",
    options=tuple((f"option{number} value", f"option{number} name") for number in _NUMBERS),
)
"""Shopify's old and present template, and Matrixify's, with a line for each variant or further photo."""

WOOCOMMERCE = Profile(
    "woocommerce-export",
    "WooCommerce export",
    (
        ("sku", "name", "categories", "images"),
        ("type", "sku", "name", "categories"),
        ("type", "sku", "name", "parent"),
        ("typ", "artikelnummer", "name", "kategorien"),
        ("type", "ugs", "nom", "catégories"),
        ("tipo", "sku", "nombre", "categorías"),
        ("tipo", "cod", "nome", "categorie"),
        ("type", "sku", "naam", "categorieën"),
        ("tipo", "sku", "nome", "categorias"),
        ("rodzaj", "sku", "nazwa", "kategorie"),
    ),
    {
        "product_id": ("sku", "artikelnummer", "ugs", "cod", "id"),
        "number": ("id",),
        "group": (
            *("parent", "übergeordnetes produkt", "übergeordnet", "superior", "genitore", "hoofd"),
            *("ascendente", "nadrzędny", "rodzic"),
        ),
        "product_title": ("name", "nom", "nombre", "nome", "naam", "nazwa"),
        "product_description": (
            *("description", "beschreibung", "descripción", "descrizione", "beschrijving", "descrição", "opis"),
            *("short description", "kurzbeschreibung", "description courte", "descripción corta", "breve descrizione"),
            *("korte beschrijving", "breve descrição", "descrição curta", "krótki opis"),
        ),
        "product_image": (
            *("images", "bilder", "imágenes", "immagine", "immagini", "afbeeldingen", "imagens", "obrazki"),
        ),
        "ground_truth_category": (
            *("categories", "kategorien", "catégories", "categorías", "categorie", "categorieën", "categorias"),
            "kategorie",
        ),
        "ground_truth_brand": ("brands", "brand", "marken", "marke", "marques", "marcas", "marchi", "merken"),
        "tags": ("tags", "schlagwörter", "étiquettes", "etiquetas", "tag", "znaczniki"),
    },
    fold="parent",
    categories=CategoryCells(between=","),
    options=tuple(
        (values.format(number), names.format(number))
        for number in _NUMBERS
        for values, names in (
            ("attribute {} value(s)", "attribute {} name"),
            ("attribut {} wert(e)", "attribut {} name"),
            ("valeur(s) de l’attribut {}", "nom de l’attribut {}"),
            ("valeur(s) de l'attribut {}", "nom de l'attribut {}"),
            ("valor(es) del atributo {}", "nombre del atributo {}"),
            ("valore attributo {}", "nome attributo {}"),
            ("attribuut {} waarde(n)", "attribuut {} naam"),
        )
    ),
)

GOOGLE = Profile(
    "google-merchant-feed",
    "Google Merchant feed",
    (
        ("id", "title", "image link"),
        ("id", "title", "google product category"),
        ("id", "title", "product type", "link"),
        ("id", "titel", "bildlink"),
        ("id", "titel", "google produktkategorie"),
        ("id", "titre", "lien image"),
        ("id", "título", "enlace imagen"),
    ),
    {
        "product_id": ("id",),
        "product_title": ("title", "structured title", "titel", "titre", "título", "titolo"),
        "product_description": ("description", "structured description", "beschreibung", "descripción", "descrizione"),
        "product_image": ("image link", "bildlink", "lien image", "enlace imagen"),
        "more_images": ("additional image link",),
        "ground_truth_category": ("google product category", "google produktkategorie"),
        "ground_truth_brand": ("brand", "marke", "marque", "marca"),
        "product_type": ("product type", "produkttyp", "type de produit", "tipo de producto", "tipo di prodotto"),
        "condition": ("condition", "zustand", "état", "estado"),
        "language": ("content language",),
    },
    options=_named(
        *("color", "size", "material", "pattern", "gender", "age group", "farbe", "größe", "muster", "couleur"),
        *("taille", "matière", "talla", "colore", "taglia", "materiale"),
    ),
)

AMAZON = Profile(
    "amazon-flat-file",
    "Amazon flat file",
    (("item sku", "item name"), ("seller sku", "item name"), ("contribution sku", "item name")),
    {
        "product_id": ("item sku", "seller sku", "contribution sku"),
        "product_title": ("item name",),
        "product_description": ("product description", "bullet point1", "bullet point 1"),
        "product_image": ("main image url", "main product image locator"),
        "more_images": ("other image url1", "other image url 1"),
        "ground_truth_brand": ("brand name", "brand"),
        "product_type": ("item type", "item type name", "feed product type", "product type"),
        "tags": ("generic keywords", "generic keyword", "generic keywords1", "generic keyword1"),
    },
    options=_named("color name", "color", "size name", "size", "material type", "flavor name", "scent name"),
)
"""Its item types are keywords of its own, no paths of a taxonomy."""

MAGENTO = Profile(
    "magento-export",
    "Magento export",
    (("sku", "name", "attribute set code"), ("sku", "name", "store view code"), ("sku", "name", "base image")),
    {
        "product_id": ("sku",),
        "product_title": ("name",),
        "product_description": ("description", "short description"),
        "product_image": ("base image", "small image", "thumbnail image"),
        "more_images": ("additional images",),
        "ground_truth_category": ("categories",),
        "ground_truth_brand": ("brand", "manufacturer"),
        "tags": ("meta keywords", "meta keyword"),
    },
    categories=CategoryCells(between=",", level="/", root="default category"),
    options=_named("color", "size", "material"),
)

BIGCOMMERCE = Profile(
    "bigcommerce-export",
    "BigCommerce export",
    (
        ("item type", "product name", "product code/sku"),
        ("item type", "product name", "category"),
        ("item", "name", "sku", "image url (import)"),
    ),
    {
        "row_kind": ("item type", "item"),
        "product_id": ("product code/sku", "product id", "sku"),
        "product_title": ("product name", "name"),
        "product_description": ("product description", "description"),
        "product_image": (
            *("product image url 1", "product image file 1", "internal image url (export)", "image url (import)"),
        ),
        "ground_truth_category": ("category", "category string"),
        "ground_truth_brand": ("brand name",),
        "condition": ("product condition",),
        "tags": ("search keywords", "meta keywords"),
    },
    fold="above",
    categories=CategoryCells(between=";", level="/"),
)

PRESTASHOP = Profile(
    "prestashop-export",
    "PrestaShop export",
    (
        ("id", "name", "categories (x,y,z...)"),
        ("product id", "name", "reference", "category"),
        ("id", "nom", "catégories (x,y,z...)"),
    ),
    {
        "product_id": ("reference #", "reference", "référence", "id", "product id"),
        "product_title": ("name", "nom"),
        "product_description": ("description", "short description", "summary"),
        "product_image": ("image urls (x,y,z...)", "url des images (x,y,z...)", "image"),
        "ground_truth_category": ("categories (x,y,z...)", "catégories (x,y,z...)", "category"),
        "ground_truth_brand": ("manufacturer", "brand", "marque"),
        "tags": ("tags (x,y,z...)", "tags", "meta keywords"),
        "condition": ("condition",),
    },
    categories=CategoryCells(between=",", level="/", root="home"),
)

ETSY = Profile(
    "etsy-listings",
    "Etsy listings",
    (("title", "description", "currency code", "quantity"),),
    {
        "product_id": ("sku",),
        "product_title": ("title",),
        "product_description": ("description",),
        "product_image": ("image1",),
        "more_images": ("image2",),
        "tags": ("tags",),
    },
    options=(
        ("variation 1 values", "variation 1 name"),
        ("variation 2 values", "variation 2 name"),
        ("materials", ""),
    ),
)

EBAY = Profile(
    "ebay-listings",
    "eBay listings",
    (("customlabel", "title", "picurl"), ("custom label (sku)", "title"), ("custom label", "title", "item number")),
    {
        "product_id": ("customlabel", "custom label (sku)", "custom label", "item number", "itemid"),
        "product_title": ("title",),
        "product_description": ("description",),
        "product_image": ("picurl", "item photo url", "pic url"),
        "ground_truth_brand": ("c:brand", "brand"),
        "product_type": ("c:type", "c:product type"),
    },
    options=(("c:color", ""), ("c:size", ""), ("c:material", "")),
)
"""Its category numbers are its own: read as Google's, they would be other categories."""

PROFILES = (SHOPIFY, BIGCOMMERCE, WOOCOMMERCE, GOOGLE, MAGENTO, PRESTASHOP, AMAZON, ETSY, EBAY)
"""The first one that knows a table reads it."""

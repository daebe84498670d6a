"""Names of photos in tables: several in a cell, folders, another case."""

import pytest

from pipeline.data.sources.photos import PhotoFinder, photo_names
from tests.helpers.sources import open_location


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("", []),
        (" a.jpg ", ["a.jpg"]),
        ("a.jpg|b.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg; b.jpg,c.jpg", ["a.jpg", "b.jpg", "c.jpg"]),
        ("a.jpg\nb.jpg", ["a.jpg", "b.jpg"]),
        ("my photo.jpg", ["my photo.jpg"]),
        ("https://h/a.jpg, https://h/b.jpg", ["https://h/a.jpg", "https://h/b.jpg"]),
        ("https://h/w_2,h_3/a;b.jpg https://h/b.jpg", ["https://h/w_2,h_3/a;b.jpg", "https://h/b.jpg"]),
    ],
)
def test_the_names_of_a_cell(cell, names):
    assert photo_names(cell) == names


EXPORT = """SKU,Name,Images
A1,Toy robot,"https://shop.example/robot.jpg, https://shop.example/robot-back.jpg"
A2,Tote bag,tote.jpg|tote-back.jpg
A3,Yoga mat,mat.jpg;mat-side.jpg
A4,Ukulele,https://shop.example/ukulele.jpg?width=800&v=1712
A5,Tent,photos/tent.jpg
A6,Tent orange,TENT.JPG
A7,Lamp,gone.jpg|lost.jpg
A8,Mug,"mug, blue.jpg"
"""


def test_a_photo_is_found_whatever_its_folder_case_or_neighbors(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("robot.jpg", "tote.jpg", "mat-side.jpg", "ukulele.jpg", "tent.jpg", "mug, blue.jpg"):
        (photos / name).write_bytes(name.encode())
    (tmp_path / "export.csv").write_text(EXPORT, "utf-8")
    rows = list(open_location(tmp_path / "export.csv", images=str(photos)))
    assert [(row.image or b"").decode() for row in rows] == [
        *("robot.jpg", "tote.jpg", "mat-side.jpg", "ukulele.jpg", "tent.jpg", "tent.jpg", "", "mug, blue.jpg")
    ]
    assert rows[6].note == "the photo 'gone.jpg' was not found"


def test_a_name_in_another_case_does_not_lead_out_of_the_folder(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    found = PhotoFinder(tmp_path / "photos").find("LINK.JPG")
    assert (found.data, "outside the folder" in found.note) == (None, True)


def _folder(tmp_path, **photos):
    for name, content in photos.items():
        (tmp_path / f"{name}.jpg").write_bytes(content)
    return PhotoFinder(tmp_path)


def test_some_photos_of_a_cell_are_read_each_once(tmp_path):
    finder = _folder(tmp_path, a=b"1", b=b"1", c=b"2", d=b"3", e=b"4")
    found = finder.find_some("a.jpg|gone.jpg|a.jpg|b.jpg|c.jpg|d.jpg|e.jpg")
    assert [photo.data for photo in found] == [b"1", b"2", b"3"]
    assert [photo.data for photo in finder.find_some("a.jpg|c.jpg|d.jpg", most=1)] == [b"1"]


def test_where_no_photo_is_found_the_first_one_is_named(tmp_path):
    (missing,) = _folder(tmp_path).find_some("gone.jpg|lost.jpg")
    assert (missing.data, missing.note) == (None, "the photo 'gone.jpg' was not found")


def test_further_photos_of_an_export_go_with_the_first(tmp_path):
    _folder(tmp_path, front=b"1", back=b"2", size=b"3")
    content = "Handle,Title,Vendor,Image Src,Image Position\nmug,Mug,Nord,back.jpg,2\nmug,,,front.jpg,1\n"
    (tmp_path / "shop.csv").write_text(content, "utf-8")
    (row,) = open_location(tmp_path / "shop.csv", images=str(tmp_path))
    assert (row.image, row.more_images) == (b"1", (b"2",))
    feed = "id\ttitle\timage_link\tadditional_image_link\n1\tMug\thttps://h/front.jpg\thttps://h/back.jpg,https://h/size.jpg\n"
    (tmp_path / "feed.tsv").write_text(feed, "utf-8")
    (row,) = open_location(tmp_path / "feed.tsv", images=str(tmp_path))
    assert (row.image, row.more_images) == (b"1", (b"2", b"3"))

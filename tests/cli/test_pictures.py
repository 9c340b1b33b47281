"""What other tools do with --emit=dot,svg,json: draw it, read it, validate it."""

import json
import pathlib
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

import jsonschema

import cli

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "model.schema.json").read_text())
# Clean files with everything that the language has.
INPUTS = sorted(path for folder in ("dump", "emit") for path in (ROOT / "tests/golden" / folder).glob("*.flow")
                if not path.name.startswith("fail_"))
SAMPLES = sorted((ROOT / "samples").glob("*/*.flow"))


class Pictures(cli.CliTest):
    def emit(self, path):
        """The files that are made of one, by their last suffixes."""
        result = self.run_compiler("--emit=dot,svg,json", "-o", self.folder / "out", f"-I{path.parent}",
                                   f"-I{path.parent / 'imports'}", path)
        self.assertEqual(result.status, 0, result.err)
        return {"".join(made.suffixes[-2:]): made for made in (self.folder / "out").iterdir()}

    def each_input(self):
        for path in INPUTS + SAMPLES:
            with self.subTest(path.relative_to(ROOT)):
                shutil.rmtree(self.folder / "out", ignore_errors=True)
                yield path, self.emit(path)

    def test_json_follows_its_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        validator = jsonschema.Draft202012Validator(SCHEMA)
        for _, made in self.each_input():
            errors = [f"{error.json_path}: {error.message}"
                      for error in validator.iter_errors(json.loads(made[".flow.json"].read_text()))]
            self.assertEqual(errors, [])

    def test_graphviz_draws_both_graphs_without_a_word(self):
        for _, made in self.each_input():
            for name in (".flow.dot", ".slots.dot"):
                done = subprocess.run(["dot", "-Tsvg", made[name]], capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_svg_is_well_formed_and_within_its_frame(self):
        for _, made in self.each_input():
            root = xml.etree.ElementTree.parse(made[".flow.svg"]).getroot()
            width, height = int(root.get("width")), int(root.get("height"))
            for element in root.iter():
                for name, most in (("x", width), ("x1", width), ("x2", width), ("cx", width),
                                   ("y", height), ("y1", height), ("y2", height), ("cy", height)):
                    if (value := element.get(name)) and element.get("r") != "2":
                        self.assertLessEqual(int(value), most, element.attrib)

    def test_the_picture_of_the_documents_is_current(self):
        made = self.emit(ROOT / "samples/todos/todos.flow")
        self.assertEqual(made[".flow.svg"].read_text(), (ROOT / "docs/images/todos.svg").read_text(),
                         "tools/update_goldens draws it")

    def test_hostile_text_stays_text(self):
        path = self.put("odd.flow", '''\
            package odd;
            slots { name: string; }
            /// "<b>&'\\
            step read -> name = request.query.name ?? "<script>&\\"\\\\";
            flow f on GET "/a<b>&c" public { read; when name == "</svg>" { return 204; } return 200 name; }
            ''')
        made = self.emit(path)
        picture = xml.etree.ElementTree.parse(made[".flow.svg"])
        self.assertEqual([element.tag for element in picture.iter() if "script" in element.tag], [])
        done = subprocess.run(["dot", "-Tsvg", made[".flow.dot"]], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("</svg>", json.dumps(json.loads(made[".flow.json"].read_text())))


if __name__ == "__main__":
    unittest.main()

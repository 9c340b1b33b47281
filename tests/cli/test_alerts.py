"""`--emit=alerts`: rules that Prometheus can read."""

import unittest

import cli
import yaml

SHOP = """\
package shop;

slots { n: i64; }
step read_n -> n = request.query.n;

flow offer on GET "/offers" public { deadline 250ms; priority interactive; owner "a \\"b\\": c"; read_n; return 200 { n }; }
flow report on POST "/reports" public { deadline 90s; priority batch; read_n; return 200 { n }; }
flow whenever on GET "/whenever" public { read_n; return 200 { n }; }
"""


class Alerts(cli.CliTest):
    def rules(self, text):
        self.put("shop.flow", text)
        self.assertEqual(self.run_compiler("--emit=alerts", "shop.flow").status, 0)
        return yaml.safe_load((self.folder / "shop.alerts.yml").read_text(encoding="utf-8"))

    def test_each_flow_with_a_deadline_has_a_group_that_fits_it(self):
        groups = self.rules(SHOP)["groups"]
        self.assertEqual([group["name"] for group in groups], ["shop.offer", "shop.report"])
        slow, missed = groups[0]["rules"]
        self.assertEqual((slow["alert"], missed["alert"]), ("ZerverFlowSlow", "ZerverFlowMissesDeadline"))
        self.assertEqual(slow["expr"], 'histogram_quantile(0.99, sum by (le) '
                                       '(rate(zerver_flow_duration_seconds_bucket{flow="shop.offer"}[5m]))) > 0.2')
        self.assertEqual(slow["labels"], {"severity": "page", "flow": "shop.offer", "owner": 'a "b": c'})
        self.assertEqual(groups[1]["rules"][0]["labels"]["severity"], "ticket")
        self.assertTrue(groups[1]["rules"][0]["expr"].endswith("> 72"))
        self.assertTrue(all(set(rule) == {"alert", "expr", "for", "labels", "annotations"}
                            for group in groups for rule in group["rules"]))

    def test_what_cannot_be_taken_back_calls_for_people(self):
        groups = self.rules(SHOP.replace("read_n; return 200 { n }; }\nflow whenever",
                                         "read_n; saga { read_n_again; } return 200 { n }; }\nflow whenever")
                            + "step read_n_again -> m = request.query.n;\nslots { m: i64; }\n")["groups"]
        self.assertEqual([group["name"] for group in groups], ["shop.offer", "shop.report", "shop sagas"])
        [rule] = groups[-1]["rules"]
        self.assertEqual((rule["alert"], rule["expr"]), ("ZerverSagaStuck", "zerver_sagas_stuck > 0"))
        self.assertEqual(rule["labels"], {"severity": "page"})

    def test_without_a_deadline_there_is_nothing_to_watch(self):
        self.put("shop.flow", SHOP.replace("deadline 250ms;", "").replace("deadline 90s;", ""))
        self.assertEqual(self.run_compiler("--emit=alerts", "shop.flow").status, 0)
        self.assertEqual(self.listing(), ["shop.flow"])


if __name__ == "__main__":
    unittest.main()

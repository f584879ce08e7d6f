"""What Grafana wants of a panel, and the queries that panels are made of."""

SELECTOR = 'namespace=~"$namespace",job=~"$job",pod=~"$pod"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24


def metric(name, labels=""):
    """A selector of the pods that are chosen above the dashboard."""
    return name + "{" + SELECTOR + ("," + labels if labels else "") + "}"


def rate(name, labels=""):
    """Events per second."""
    return f"rate({metric(name, labels)}[$__rate_interval])"


def total(expression, by=""):
    """A sum over all series, or for each value of `by`."""
    return f"sum by ({by}) ({expression})" if by else f"sum({expression})"


def share(part, whole):
    """A part of a whole, for each pod."""
    return f"({part}) / ({whole} > 0)"


def quantile(number, name, by=""):
    """A quantile of a histogram."""
    labels = "le, " + by if by else "le"
    return f"histogram_quantile({number}, {total(rate(name + '_bucket'), labels)})"


class Panel:
    """A panel: a title, what it says to whoever looks, a unit, and queries with their legends."""

    kind = "timeseries"

    def __init__(self, title, about, queries, unit="short", width=6, **more):
        self.title, self.about, self.unit, self.width, self.more = title, about, unit, width, more
        self.queries = [(queries, "")] if isinstance(queries, str) else queries

    def targets(self):
        return [
            {"datasource": DATASOURCE, "expr": expression, "legendFormat": legend, "refId": chr(ord("A") + at)}
            for at, (expression, legend) in enumerate(self.queries)
        ]

    def form(self):
        custom = {"fillOpacity": 10, "showPoints": "never"}
        if self.more.get("stacked"):
            custom["stacking"] = {"mode": "normal", "group": "A"}
        defaults = {"unit": self.unit, "custom": custom, "min": 0}
        if "limit" in self.more:
            steps = [{"color": "green", "value": None}, {"color": "red", "value": self.more["limit"]}]
            defaults["thresholds"] = {"mode": "absolute", "steps": steps}
            custom["thresholdsStyle"] = {"mode": "line"}
        options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
        return {"fieldConfig": {"defaults": defaults, "overrides": []}, "options": options}

    def write(self, number, x, y):
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "datasource": DATASOURCE,
            "gridPos": {"h": 8, "w": self.width, "x": x, "y": y},
            "targets": self.targets(),
            **self.form(),
        }


class Number(Panel):
    """One number, red from `limit` on."""

    kind = "stat"

    def form(self):
        steps = [{"color": "green", "value": None}]
        if "limit" in self.more:
            steps.append({"color": "red", "value": self.more["limit"]})
        defaults = {"unit": self.unit, "thresholds": {"mode": "absolute", "steps": steps}}
        reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        return {"fieldConfig": {"defaults": defaults, "overrides": []}, "options": {"reduceOptions": reduce}}


class Table(Panel):
    """The labels of series, one row for each."""

    kind = "table"

    def targets(self):
        return [{**target, "format": "table", "instant": True} for target in super().targets()]

    def form(self):
        hidden = {name: True for name in self.more["hidden"]}
        organize = {"id": "organize", "options": {"excludeByName": hidden}}
        return {"fieldConfig": {"defaults": {}, "overrides": []}, "options": {}, "transformations": [organize]}


class Heatmap(Panel):
    """A histogram over time."""

    kind = "heatmap"

    def targets(self):
        return [{**target, "format": "heatmap"} for target in super().targets()]

    def form(self):
        return {"options": {"calculate": False, "yAxis": {"unit": self.unit}, "color": {"scheme": "Oranges"}}}

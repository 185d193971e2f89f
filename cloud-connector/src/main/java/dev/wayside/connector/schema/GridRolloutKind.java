// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** GridRollout: how a change of grids goes from site to site. */
final class GridRolloutKind extends TypedKind {
    private static final int MOST_WAVES = 100;
    private static final int MOST_SITES_NAMED = 10_000;
    private static final List<String> ON_FAILURE = List.of("Pause", "Rollback");
    private static final List<String> AWAY = List.of("Skip", "Wait");
    private static final List<String> CHOICES = List.of("sites", "selector", "percent", "count");

    GridRolloutKind(TypeTable table) {
        super(
                Facts.of(ResourceType.GRID_ROLLOUTS, "wayside/v1alpha1.GridRollout", "gr")
                        .with("status")
                        .countingGenerations()
                        .asCustom(),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject rollout) {
        JsonObject spec = PodDefaults.absent(rollout.spec(), "maxConcurrentSites", Json.of(1));
        spec = PodDefaults.absent(spec, "onFailure", Json.of("Pause"));
        spec = PodDefaults.absent(spec, "awaySites", Json.of("Skip"));
        JsonObject health =
                PodDefaults.absent(spec.object("health"), "availableForSeconds", Json.of(30));
        health = PodDefaults.absent(health, "maxRestarts", Json.of(0));
        health = PodDefaults.absent(health, "progressDeadlineSeconds", Json.of(600));
        return rollout.withSpec(spec.with("health", health));
    }

    @Override
    void check(KubeObject rollout, Errors errors) {
        JsonObject spec = rollout.spec();
        SelectorRules.check(spec.object("selector"), "spec.selector", errors);
        atLeastOne(spec, "maxConcurrentSites", "spec", errors);
        atLeastOne(spec, "maxUnavailableSites", "spec", errors);
        oneOf(spec, "onFailure", ON_FAILURE, errors);
        oneOf(spec, "awaySites", AWAY, errors);
        JsonObject health = spec.object("health");
        for (String field : List.of("availableForSeconds", "maxRestarts")) {
            errors.nonNegative("spec.health." + field, health.number(field).orElse(0));
        }
        positive(health, "progressDeadlineSeconds", "spec.health", errors);
        positive(spec, "deadlineSeconds", "spec", errors);
        waves(spec.array("order"), errors);
    }

    private static void waves(JsonArray order, Errors errors) {
        if (order.size() > MOST_WAVES) {
            errors.tooMany("spec.order", order.size(), MOST_WAVES);
            return;
        }
        Set<String> named = new HashSet<>();
        boolean rest = false;
        for (int i = 0; i < order.size(); i++) {
            if (!(order.get(i) instanceof JsonObject wave)) {
                continue;
            }
            String path = "spec.order[" + i + "]";
            List<String> chosen = CHOICES.stream().filter(wave::has).toList();
            if (chosen.size() > 1) {
                errors.forbidden(
                        path + "." + chosen.get(1),
                        "a wave has at most one of sites, selector, percent and count");
            }
            if (chosen.isEmpty()) {
                if (rest) {
                    errors.invalid(
                            path,
                            wave,
                            "only one wave can be the rest: give it sites, selector, percent or"
                                    + " count");
                }
                rest = true;
            }
            wave(wave, path, named, errors);
        }
    }

    private static void wave(JsonObject wave, String path, Set<String> named, Errors errors) {
        JsonArray sites = wave.array("sites");
        if (wave.has("sites") && sites.isEmpty()) {
            errors.required(path + ".sites", "a wave of no site would pass without a test");
        }
        if (sites.size() > MOST_SITES_NAMED) {
            errors.tooMany(path + ".sites", sites.size(), MOST_SITES_NAMED);
        }
        for (int i = 0; i < sites.size(); i++) {
            if (sites.get(i) instanceof JsonString site) {
                String at = path + ".sites[" + i + "]";
                errors.invalid(at, site.value(), NameRules.labelValue(site.value()));
                if (!named.add(site.value())) {
                    errors.duplicate(at, site.value());
                }
            }
        }
        if (wave.has("selector")) {
            SelectorRules.check(wave.object("selector"), path + ".selector", errors);
            if (SelectorRules.isEmpty(wave.object("selector"))) {
                errors.invalid(
                        path + ".selector",
                        wave.object("selector"),
                        "empty selector selects no site; leave it out for the rest");
            }
        }
        positive(wave, "percent", path, errors);
        if (wave.number("percent").orElse(1) > 100) {
            errors.invalid(
                    path + ".percent",
                    wave.number("percent").orElse(0),
                    "must be between 1 and 100, inclusive");
        }
        positive(wave, "count", path, errors);
        atLeastOne(wave, "maxConcurrentSites", path, errors);
    }

    private static void positive(JsonObject object, String field, String path, Errors errors) {
        if (object.has(field) && object.number(field).orElse(0) < 1) {
            errors.invalid(
                    path + "." + field,
                    object.number(field).orElse(0),
                    "must be greater than or equal to 1");
        }
    }

    private static void oneOf(JsonObject spec, String field, List<String> words, Errors errors) {
        if (!words.contains(spec.text(field))) {
            errors.notSupported("spec." + field, spec.text(field), words);
        }
    }

    /** A number or a percentage with which something can happen. */
    private static void atLeastOne(JsonObject object, String field, String path, Errors errors) {
        int before = errors.size();
        DeploymentRules.intOrPercent(object, field, path, errors);
        Json value = object.get(field).orElse(Json.of(1));
        boolean nothing =
                value instanceof JsonString text
                        ? text.value().matches("0+%")
                        : object.number(field).orElse(1) == 0;
        if (errors.size() == before && nothing) {
            errors.invalid(
                    path + "." + field,
                    value,
                    "must be more than 0; to stop a rollout set spec.paused");
        }
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Grids", "The grids that it is for."),
                Cells.text("Phase", "What it does."),
                Cells.text("Wave", "The wave that it is in, of all waves."),
                Cells.text("Updated", "Sites that have what the grids ask for, of all sites."),
                Cells.number("Ready", "Sites that have all their replicas available."),
                Cells.text("Message", "Where it stands, and why."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject rollout, Instant now) {
        JsonObject status = rollout.status();
        return List.of(
                Cells.name(rollout),
                Json.of(grids(status.array("grids").objects())),
                Json.of(status.text("phase")),
                Json.of(status.number("wave").orElse(0) + "/" + status.number("waves").orElse(0)),
                Json.of(
                        status.number("updatedSites").orElse(0)
                                + "/"
                                + status.number("totalSites").orElse(0)),
                Cells.count(status, "readySites"),
                Json.of(status.text("message")),
                Cells.age(rollout, now));
    }

    private static String grids(List<JsonObject> grids) {
        return switch (grids.size()) {
            case 0 -> "<none>";
            case 1 -> grids.get(0).text("name");
            default -> grids.get(0).text("name") + " and " + (grids.size() - 1) + " more";
        };
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.List;
import java.util.regex.Pattern;

/** The defaults and rules of a DeploymentSpec, in a Deployment or in a grid. */
final class DeploymentRules {
    private static final Pattern PERCENT = Pattern.compile("[0-9]{1,9}%");
    private static final String PERCENT_TEXT =
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',"
                    + "  or '93%', regex used for validation is '[0-9]+%')";

    private DeploymentRules() {}

    static JsonObject defaulted(JsonObject spec) {
        JsonObject result = PodDefaults.absent(spec, "replicas", Json.of(1));
        result = result.with("template", PodDefaults.template(result.object("template")));
        JsonObject strategy =
                PodDefaults.absent(result.object("strategy"), "type", Json.of("RollingUpdate"));
        if (strategy.text("type").equals("RollingUpdate")) {
            JsonObject rolling = strategy.object("rollingUpdate");
            rolling = PodDefaults.absent(rolling, "maxUnavailable", Json.of("25%"));
            rolling = PodDefaults.absent(rolling, "maxSurge", Json.of("25%"));
            strategy = strategy.with("rollingUpdate", rolling);
        }
        result = result.with("strategy", strategy);
        result = PodDefaults.absent(result, "revisionHistoryLimit", Json.of(10));
        return PodDefaults.absent(result, "progressDeadlineSeconds", Json.of(600));
    }

    /** The rules; defaults must be filled in. */
    static void check(JsonObject spec, String path, Errors errors) {
        errors.nonNegative(path + ".replicas", spec.number("replicas").orElse(0));
        selectorAndTemplate(spec, path, "deployment", errors);
        strategy(spec.object("strategy"), path + ".strategy", errors);
        long minReady = spec.number("minReadySeconds").orElse(0);
        errors.nonNegative(path + ".minReadySeconds", minReady);
        errors.nonNegative(
                path + ".revisionHistoryLimit", spec.number("revisionHistoryLimit").orElse(0));
        if (spec.has("progressDeadlineSeconds")) {
            long deadline = spec.number("progressDeadlineSeconds").orElse(0);
            errors.nonNegative(path + ".progressDeadlineSeconds", deadline);
            if (deadline <= minReady) {
                errors.invalid(
                        path + ".progressDeadlineSeconds",
                        deadline,
                        "must be greater than minReadySeconds");
            }
        }
    }

    /**
     * What workloads share: the selector must select the template's pods.
     *
     * @param workload for the message
     */
    static void selectorAndTemplate(JsonObject spec, String path, String workload, Errors errors) {
        selector(spec, path, workload, errors);
        PodSpecRules.template(spec.object("template"), path + ".template", errors);
    }

    /** Of those whose pods need not live on: the selector alone. */
    static void selector(JsonObject spec, String path, String workload, Errors errors) {
        JsonObject selector = spec.object("selector");
        JsonObject template = spec.object("template");
        if (!spec.has("selector")) {
            errors.required(path + ".selector");
        } else {
            SelectorRules.check(selector, path + ".selector", errors);
            if (SelectorRules.isEmpty(selector)) {
                errors.invalid(
                        path + ".selector", selector, "empty selector is invalid for " + workload);
            } else if (SelectorRules.read(selector)
                    .filter(read -> !read.matches(template.object("metadata", "labels").strings()))
                    .isPresent()) {
                errors.invalid(
                        path + ".template.metadata.labels",
                        template.object("metadata", "labels"),
                        "`selector` does not match template `labels`");
            }
        }
    }

    private static void strategy(JsonObject strategy, String path, Errors errors) {
        switch (strategy.text("type")) {
            case "Recreate" -> {
                if (strategy.has("rollingUpdate")) {
                    errors.forbidden(
                            path + ".rollingUpdate",
                            "may not be specified when strategy `type` is 'Recreate'");
                }
            }
            case "RollingUpdate" ->
                    rolling(strategy.object("rollingUpdate"), path + ".rollingUpdate", errors);
            default ->
                    errors.notSupported(
                            path + ".type",
                            strategy.text("type"),
                            List.of("Recreate", "RollingUpdate"));
        }
    }

    private static void rolling(JsonObject rolling, String path, Errors errors) {
        intOrPercent(rolling, "maxUnavailable", path, errors);
        intOrPercent(rolling, "maxSurge", path, errors);
        Json unavailable = rolling.get("maxUnavailable").orElse(JsonNumber.of(0));
        if (isZero(unavailable) && isZero(rolling.get("maxSurge").orElse(JsonNumber.of(0)))) {
            errors.invalid(
                    path + ".maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0");
        }
        notMoreThanAll(unavailable, path + ".maxUnavailable", errors);
    }

    static void notMoreThanAll(Json value, String path, Errors errors) {
        if (value instanceof JsonString text
                && PERCENT.matcher(text.value()).matches()
                && percent(text.value()) > 100) {
            errors.invalid(path, value, "must not be greater than 100%");
        }
    }

    static void intOrPercent(JsonObject rolling, String name, String path, Errors errors) {
        Json value = rolling.get(name).orElse(JsonNumber.of(0));
        if (value instanceof JsonString text) {
            if (!PERCENT.matcher(text.value()).matches()) {
                errors.invalid(path + "." + name, value, PERCENT_TEXT);
            }
        } else {
            errors.nonNegative(path + "." + name, rolling.number(name).orElse(0));
        }
    }

    static boolean isZero(Json value) {
        return value instanceof JsonString text
                ? PERCENT.matcher(text.value()).matches() && percent(text.value()) == 0
                : value.equals(JsonNumber.of(0));
    }

    private static int percent(String text) {
        return Integer.parseInt(text.substring(0, text.length() - 1));
    }
}

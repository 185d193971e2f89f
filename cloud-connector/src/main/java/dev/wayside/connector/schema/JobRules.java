// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The defaults and rules of a JobSpec, in a Job or in a CronJob. */
final class JobRules {
    static final String NAME_LABEL = "batch.kubernetes.io/job-name";
    static final String UID_LABEL = "batch.kubernetes.io/controller-uid";
    static final String OLD_NAME_LABEL = "job-name";
    static final String OLD_UID_LABEL = "controller-uid";

    private static final long MOST_PARALLEL_INDEXES = 100_000;
    private static final int MOST_MANAGED_BY = 63;
    private static final Pattern DOMAIN_PATH = Pattern.compile("[^/]+/.+");
    private static final List<String> MODES = List.of("NonIndexed", "Indexed");
    private static final List<String> REPLACEMENTS = List.of("Failed", "TerminatingOrFailed");

    private JobRules() {}

    static JsonObject defaulted(JsonObject spec) {
        JsonObject result = spec;
        if (!spec.has("completions") && !spec.has("parallelism")) {
            result = result.with("completions", 1);
        }
        result = PodDefaults.absent(result, "parallelism", Json.of(1));
        result =
                PodDefaults.absent(
                        result,
                        "backoffLimit",
                        Json.of(spec.has("backoffLimitPerIndex") ? Integer.MAX_VALUE : 6));
        result = PodDefaults.absent(result, "completionMode", Json.of("NonIndexed"));
        result = PodDefaults.absent(result, "suspend", Json.of(false));
        result = PodDefaults.absent(result, "manualSelector", Json.of(false));
        result =
                PodDefaults.absent(
                        result,
                        "podReplacementPolicy",
                        Json.of(spec.has("podFailurePolicy") ? "Failed" : "TerminatingOrFailed"));
        return template(result);
    }

    /** The defaults that a Job in a CronJob has already. */
    static JsonObject template(JsonObject spec) {
        JsonObject result =
                PodDefaults.ifThere(
                        spec,
                        "podFailurePolicy",
                        policy ->
                                PodDefaults.each(
                                        policy,
                                        "rules",
                                        rule ->
                                                PodDefaults.each(
                                                        rule,
                                                        "onPodConditions",
                                                        pattern ->
                                                                PodDefaults.absent(
                                                                        pattern,
                                                                        "status",
                                                                        Json.of("True")))));
        return result.with("template", PodDefaults.template(result.object("template")));
    }

    /** With the selector by the Job's own UID, and the labels that its pods have of it. */
    static KubeObject selecting(KubeObject job) {
        if (job.uid().isEmpty() || job.spec().flag("manualSelector") || job.name().isEmpty()) {
            return job;
        }
        JsonObject spec = job.spec();
        JsonObject labels = spec.object("template", "metadata", "labels");
        labels = PodDefaults.absent(labels, UID_LABEL, Json.of(job.uid()));
        labels = PodDefaults.absent(labels, OLD_UID_LABEL, Json.of(job.uid()));
        // A name that is no label is for the rules to refuse.
        labels = PodDefaults.absent(labels, NAME_LABEL, Json.of(job.name()));
        labels = PodDefaults.absent(labels, OLD_NAME_LABEL, Json.of(job.name()));
        spec = spec.withAt(List.of("template", "metadata", "labels"), labels);
        JsonObject selector = spec.object("selector");
        JsonObject wanted =
                PodDefaults.absent(selector.object("matchLabels"), UID_LABEL, Json.of(job.uid()));
        return job.withSpec(spec.with("selector", selector.with("matchLabels", wanted)));
    }

    static void check(JsonObject spec, String path, Errors errors) {
        for (String count :
                List.of(
                        "parallelism",
                        "completions",
                        "activeDeadlineSeconds",
                        "backoffLimit",
                        "ttlSecondsAfterFinished",
                        "backoffLimitPerIndex",
                        "maxFailedIndexes")) {
            errors.nonNegative(path + "." + count, spec.number(count).orElse(0));
        }
        mode(spec, path, errors);
        PodSpecRules.anyTemplate(spec.object("template"), path + ".template", errors);
        String restart = spec.text("template", "spec", "restartPolicy");
        if (restart.isEmpty() || restart.equals("Always")) {
            errors.required(
                    path + ".template.spec.restartPolicy",
                    "valid values: \"OnFailure\", \"Never\"");
        }
        FailurePolicyRules.check(spec, path, errors);
        String replacement = spec.text("podReplacementPolicy");
        if (!replacement.isEmpty()) {
            List<String> allowed = spec.has("podFailurePolicy") ? List.of("Failed") : REPLACEMENTS;
            if (!allowed.contains(replacement)) {
                errors.notSupported(path + ".podReplacementPolicy", replacement, allowed);
            }
        }
        String by = spec.text("managedBy");
        if (spec.has("managedBy") && !DOMAIN_PATH.matcher(by).matches()) {
            errors.invalid(
                    path + ".managedBy",
                    by,
                    "must be a domain-prefixed path (such as \"acme.io/foo\")");
        }
        if (by.length() > MOST_MANAGED_BY) {
            errors.tooLong(path + ".managedBy", MOST_MANAGED_BY);
        }
        if (spec.has("successPolicy")) {
            SuccessPolicyRules.check(spec, path, errors);
        }
    }

    private static void mode(JsonObject spec, String path, Errors errors) {
        String mode = spec.text("completionMode");
        if (!mode.isEmpty() && !MODES.contains(mode)) {
            errors.notSupported(path + ".completionMode", mode, MODES);
        }
        boolean indexed = mode.equals("Indexed");
        if (indexed && !spec.has("completions")) {
            errors.required(path + ".completions", "when completion mode is Indexed");
        }
        long parallelism = spec.number("parallelism").orElse(0);
        if (indexed && parallelism > MOST_PARALLEL_INDEXES) {
            errors.invalid(
                    path + ".parallelism",
                    parallelism,
                    "must be less than or equal to 100000 when completion mode is Indexed");
        }
        if (spec.has("backoffLimitPerIndex") && !indexed) {
            errors.invalid(
                    path + ".backoffLimitPerIndex",
                    spec.number("backoffLimitPerIndex").orElse(0),
                    "requires indexed completion mode");
        }
        if (spec.has("maxFailedIndexes")) {
            long failed = spec.number("maxFailedIndexes").orElse(0);
            if (!spec.has("backoffLimitPerIndex")) {
                errors.required(
                        path + ".backoffLimitPerIndex", "when maxFailedIndexes is specified");
            }
            if (spec.has("completions") && failed > spec.number("completions").orElse(0)) {
                errors.invalid(
                        path + ".maxFailedIndexes",
                        failed,
                        "must be less than or equal to completions");
            }
        }
    }

    /** That the Job has the selector that is made for it, or one of its user's own that fits. */
    static void selector(KubeObject job, Errors errors) {
        JsonObject spec = job.spec();
        boolean made = !spec.flag("manualSelector");
        if (made && !job.uid().isEmpty() && !job.name().isEmpty()) {
            JsonObject labels = spec.object("template", "metadata", "labels");
            String path = "spec.template.metadata.labels";
            for (String label : List.of(UID_LABEL, OLD_UID_LABEL)) {
                mustBe(labels, label, job.uid(), path, errors);
            }
            for (String label : List.of(NAME_LABEL, OLD_NAME_LABEL)) {
                mustBe(labels, label, job.name(), path, errors);
            }
        }
        if (!made && !spec.has("selector")) {
            errors.required("spec.selector");
        } else if (spec.has("selector")) {
            SelectorRules.check(spec.object("selector"), "spec.selector", errors);
            boolean fits =
                    SelectorRules.read(spec.object("selector"))
                            .map(
                                    read ->
                                            read.matches(
                                                    spec.object("template", "metadata", "labels")
                                                            .strings()))
                            .orElse(true);
            if (!fits) {
                errors.invalid(
                        "spec.template.metadata.labels",
                        spec.object("template", "metadata", "labels"),
                        "`selector` does not match template `labels`");
            }
        }
        if (spec.text("completionMode").equals("Indexed") && spec.has("completions")) {
            long last = Math.max(0, spec.number("completions").orElse(0) - 1);
            String host = job.name() + "-" + last;
            List<String> wrong = job.name().isEmpty() ? List.of() : NameRules.label(host);
            if (!wrong.isEmpty()) {
                errors.invalid(
                        "metadata.name",
                        job.name(),
                        "will not able to create pod with invalid DNS label: " + host);
            }
        }
    }

    private static void mustBe(
            JsonObject labels, String label, String value, String path, Errors errors) {
        if (!labels.text(label).equals(value)) {
            errors.invalid(path, labels, "must be '" + value + "'");
        }
    }

    static void checkUpdate(KubeObject before, KubeObject after, Errors errors) {
        JsonObject old = before.spec();
        JsonObject spec = after.spec();
        completions(old, spec, errors);
        for (String field :
                List.of(
                        "selector",
                        "completionMode",
                        "podFailurePolicy",
                        "backoffLimitPerIndex",
                        "managedBy",
                        "successPolicy")) {
            errors.immutable("spec.", field, old, spec);
        }
        JsonObject allowed = old.object("template");
        boolean neverStarted =
                old.flag("suspend") && KubeObject.time(before.status(), "startTime").isEmpty();
        if (neverStarted) {
            allowed = withDirectives(allowed, spec.object("template"));
        }
        errors.immutable("spec.template", allowed, spec.object("template"));
    }

    private static void completions(JsonObject old, JsonObject spec, Errors errors) {
        Json before = member(old, "completions");
        Json after = member(spec, "completions");
        if (!spec.text("completionMode").equals("Indexed")) {
            errors.immutable("spec.completions", before, after);
        } else if (!before.equals(after) && !after.equals(member(spec, "parallelism"))) {
            errors.invalid(
                    "spec.completions",
                    after,
                    "can only be modified in tandem with spec.parallelism");
        }
    }

    /** What may still be said of where the pods of a Job run that has not begun. */
    private static JsonObject withDirectives(JsonObject old, JsonObject now) {
        JsonObject result = old;
        for (List<String> path :
                List.of(
                        List.of("metadata", "labels"),
                        List.of("metadata", "annotations"),
                        List.of("spec", "nodeSelector"),
                        List.of("spec", "affinity", "nodeAffinity"),
                        List.of("spec", "tolerations"),
                        List.of("spec", "schedulingGates"))) {
            Optional<Json> value = now.at(path.toArray(String[]::new));
            result = value.isPresent() ? result.withAt(path, value.get()) : result.withoutAt(path);
        }
        return result;
    }

    private static Json member(JsonObject spec, String field) {
        return spec.get(field).orElse(JsonNull.INSTANCE);
    }

    /** The template's container names, init containers among them. */
    static boolean hasContainer(JsonObject spec, String name) {
        JsonObject pod = spec.object("template", "spec");
        for (String list : List.of("containers", "initContainers")) {
            JsonArray containers = pod.array(list);
            if (containers.objects().stream().anyMatch(each -> each.text("name").equals(name))) {
                return true;
            }
        }
        return false;
    }
}

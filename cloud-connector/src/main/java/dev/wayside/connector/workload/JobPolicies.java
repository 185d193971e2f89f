// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.schema.Indexes;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.Optional;

/** What a Job's podFailurePolicy and successPolicy say. Pure. */
final class JobPolicies {

    enum Action {
        COUNT,
        IGNORE,
        FAIL_INDEX,
        FAIL_JOB
    }

    /**
     * @param message for {@link Action#FAIL_JOB}
     */
    record Verdict(Action action, String message) {
        static final Verdict COUNT = new Verdict(Action.COUNT, "");
    }

    private JobPolicies() {}

    /** The first rule that a failed pod matches. */
    static Verdict onFailure(KubeObject job, KubeObject pod) {
        if (!PodFacts.phase(pod).equals("Failed")) {
            return Verdict.COUNT; // exit codes and reasons are not there yet
        }
        JsonArray rules = job.spec().array("podFailurePolicy", "rules");
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i) instanceof JsonObject rule) {
                String action = rule.text("action");
                Optional<String> match =
                        rule.has("onExitCodes") ? byExitCode(rule, pod) : byCondition(rule, pod);
                if (match.isPresent()) {
                    return new Verdict(
                            action(action),
                            match.get() + " matching " + action + " rule at index " + i);
                }
            }
        }
        return Verdict.COUNT;
    }

    private static Action action(String name) {
        return switch (name) {
            case "Ignore" -> Action.IGNORE;
            case "FailIndex" -> Action.FAIL_INDEX;
            case "FailJob" -> Action.FAIL_JOB;
            default -> Action.COUNT;
        };
    }

    private static Optional<String> byExitCode(JsonObject rule, KubeObject pod) {
        JsonObject codes = rule.object("onExitCodes");
        String name = codes.text("containerName");
        for (String list : new String[] {"containerStatuses", "initContainerStatuses"}) {
            for (JsonObject status : pod.status().array(list).objects()) {
                long code = status.number("state", "terminated", "exitCode").orElse(0);
                if (code == 0 || !(name.isEmpty() || name.equals(status.text("name")))) {
                    continue;
                }
                boolean in =
                        codes.array("values").items().stream()
                                .anyMatch(value -> value.toJson().equals(Long.toString(code)));
                if (in == codes.text("operator").equals("In")) {
                    return Optional.of(
                            "Container "
                                    + status.text("name")
                                    + " for pod "
                                    + pod.namespace()
                                    + "/"
                                    + pod.name()
                                    + " failed with exit code "
                                    + code);
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> byCondition(JsonObject rule, KubeObject pod) {
        for (JsonObject pattern : rule.array("onPodConditions").objects()) {
            String type = pattern.text("type");
            boolean matches =
                    pod.condition(type)
                            .filter(
                                    found ->
                                            found.text("status")
                                                    .equals(
                                                            pattern.string("status")
                                                                    .orElse("True")))
                            .isPresent();
            if (matches) {
                return Optional.of(
                        "Pod " + pod.namespace() + "/" + pod.name() + " has condition " + type);
            }
        }
        return Optional.empty();
    }

    /** The message of the first rule of the successPolicy that is met. */
    static Optional<String> success(KubeObject job, Indexes succeeded) {
        JsonArray rules = job.spec().array("successPolicy", "rules");
        long completions = JobPods.completions(job).orElse(0);
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i) instanceof JsonObject rule) {
                Indexes among = Indexes.read(rule.text("succeededIndexes"), completions);
                boolean some = rule.has("succeededIndexes");
                long done = some ? among.common(succeeded) : succeeded.size();
                long needed = rule.number("succeededCount").orElse(among.size());
                if (done >= needed) {
                    return Optional.of("Matched rules at index " + i);
                }
            }
        }
        return Optional.empty();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** What a Job's pods are made of, and what can be read off them. Pure. */
final class JobPods {
    /** While a pod has it, the pod is not counted for good, and stays to be seen. */
    static final String TRACKING = "batch.kubernetes.io/job-tracking";

    static final String INDEX = "batch.kubernetes.io/job-completion-index";

    /** How often the index had failed before this pod. */
    static final String INDEX_FAILURES = "batch.kubernetes.io/job-index-failure-count";

    private JobPods() {}

    static boolean isIndexed(KubeObject job) {
        return job.spec().text("completionMode").equals("Indexed");
    }

    /** A number of seconds, at most 68 years: with any long, a sum with a time may overflow. */
    static OptionalLong seconds(KubeObject object, String name) {
        OptionalLong seconds = object.spec().number(name);
        return seconds.isPresent()
                ? OptionalLong.of(Math.min(seconds.getAsLong(), Integer.MAX_VALUE))
                : seconds;
    }

    static OptionalLong completions(KubeObject job) {
        return job.spec().number("completions");
    }

    static boolean isTracked(KubeObject pod) {
        return pod.finalizers().contains(TRACKING);
    }

    static KubeObject tracked(KubeObject pod) {
        List<String> finalizers = new ArrayList<>(pod.finalizers());
        finalizers.add(TRACKING);
        return pod.withMetadata("finalizers", JsonArray.ofStrings(finalizers));
    }

    static KubeObject untracked(KubeObject pod) {
        List<String> finalizers = new ArrayList<>(pod.finalizers());
        finalizers.remove(TRACKING);
        return finalizers.isEmpty()
                ? pod.withoutMetadata("finalizers")
                : pod.withMetadata("finalizers", JsonArray.ofStrings(finalizers));
    }

    /** -1 if it has none that can be read. */
    static long index(KubeObject pod) {
        return number(pod, INDEX, -1);
    }

    static long indexFailures(KubeObject pod) {
        return number(pod, INDEX_FAILURES, 0);
    }

    private static long number(KubeObject pod, String annotation, long otherwise) {
        String text = pod.annotation(annotation).orElse("");
        return text.matches("[0-9]{1,10}") ? Long.parseLong(text) : otherwise;
    }

    static boolean succeeded(KubeObject pod) {
        return PodFacts.phase(pod).equals("Succeeded");
    }

    /**
     * A pod on its way out has failed too; where only what really ended is to be replaced, not
     * before its gateway has confirmed that it is over.
     */
    static boolean failed(KubeObject job, KubeObject pod) {
        if (PodFacts.phase(pod).equals("Failed")) {
            return true;
        }
        boolean waits = job.spec().text("podReplacementPolicy").equals("Failed");
        return pod.deleted().isPresent()
                && !succeeded(pod)
                && (!waits || pod.deletionGraceSeconds().orElse(1) == 0);
    }

    static boolean isTerminating(KubeObject pod) {
        return pod.deleted().isPresent() && !PodFacts.isFinished(pod);
    }

    /** When it ended, as its gateway says. */
    static Optional<Instant> ended(KubeObject pod) {
        Optional<Instant> last = Optional.empty();
        for (JsonObject container : pod.status().array("containerStatuses").objects()) {
            Optional<Instant> end =
                    KubeObject.time(container.object("state", "terminated"), "finishedAt");
            if (end.isPresent() && (last.isEmpty() || end.get().isAfter(last.get()))) {
                last = end;
            }
        }
        return last.or(
                () ->
                        pod.condition("Ready")
                                .flatMap(ready -> KubeObject.time(ready, "lastTransitionTime")));
    }

    static KubeObject pod(KubeObject job, RandomGenerator random) {
        return tracked(PodTemplates.pod(job, random));
    }

    /**
     * @param failures of the index so far; empty where they are not counted by index
     */
    static KubeObject pod(
            KubeObject job, long index, OptionalLong failures, RandomGenerator random) {
        String name = job.name() + "-" + index;
        String base = name + "-";
        KubeObject pod =
                tracked(
                                PodTemplates.pod(
                                        job,
                                        job.spec().object("template"),
                                        PodTemplates.name(base, random)))
                        .withMetadata("generateName", Json.of(base));
        JsonObject.Builder annotations =
                pod.metadata().object("annotations").toBuilder().put(INDEX, Long.toString(index));
        failures.ifPresent(count -> annotations.put(INDEX_FAILURES, Long.toString(count)));
        JsonObject spec = pod.spec().with("hostname", name);
        for (String list : List.of("initContainers", "containers")) {
            if (spec.has(list)) {
                spec = spec.with(list, withIndex(spec.array(list)));
            }
        }
        return pod.withMetadata("annotations", annotations.build())
                .withMetadata(
                        "labels", pod.metadata().object("labels").with(INDEX, Long.toString(index)))
                .withSpec(spec);
    }

    private static JsonArray withIndex(JsonArray containers) {
        String name = "JOB_COMPLETION_INDEX";
        JsonObject variable =
                JsonObject.builder()
                        .put("name", name)
                        .put(
                                "valueFrom",
                                JsonObject.of(
                                        "fieldRef",
                                        JsonObject.of(
                                                "fieldPath", "metadata.labels['" + INDEX + "']")))
                        .build();
        List<Json> all = new ArrayList<>();
        for (JsonObject container : containers.objects()) {
            boolean has =
                    container.array("env").objects().stream()
                            .anyMatch(each -> each.text("name").equals(name));
            all.add(has ? container : container.with("env", container.array("env").plus(variable)));
        }
        return new JsonArray(all);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The pods and claims of a StatefulSet: their names, and what is in them. Pure. */
final class StatefulPods {
    static final String POD_NAME = "statefulset.kubernetes.io/pod-name";
    static final String POD_INDEX = "apps.kubernetes.io/pod-index";
    static final String REVISION = "controller-revision-hash";

    private static final int MOST_DIGITS = 10;

    private StatefulPods() {}

    static long replicas(KubeObject set) {
        return RollingUpdate.replicas(set);
    }

    /** The first ordinal. */
    static long start(KubeObject set) {
        return set.spec().object("ordinals").number("start").orElse(0);
    }

    static boolean isInRange(KubeObject set, long ordinal) {
        return ordinal >= start(set) && ordinal < start(set) + replicas(set);
    }

    static String name(KubeObject set, long ordinal) {
        return set.name() + "-" + ordinal;
    }

    /** The ordinal in a pod's name; empty if it is no name of the set's. */
    static OptionalLong ordinal(KubeObject set, KubeObject pod) {
        String prefix = set.name() + "-";
        String digits = pod.name().startsWith(prefix) ? pod.name().substring(prefix.length()) : "";
        // 07 is another name than 7.
        return digits.matches("0|[1-9][0-9]*") && digits.length() <= MOST_DIGITS
                ? OptionalLong.of(Long.parseLong(digits))
                : OptionalLong.empty();
    }

    static boolean isMember(KubeObject set, KubeObject pod) {
        return ordinal(set, pod).isPresent();
    }

    static String revision(KubeObject pod) {
        return pod.labels().getOrDefault(REVISION, "");
    }

    /** A new pod. */
    static KubeObject pod(KubeObject set, KubeObject revision, long ordinal) {
        JsonObject template = TemplateRevisions.template(revision);
        KubeObject pod = PodTemplates.pod(set, template, name(set, ordinal));
        Map<String, String> labels = new LinkedHashMap<>(pod.labels());
        labels.putAll(identity(set, ordinal));
        labels.put(REVISION, revision.name());
        JsonObject spec = pod.spec().with("hostname", pod.name());
        String service = set.spec().text("serviceName");
        if (!service.isEmpty()) {
            spec = spec.with("subdomain", service);
        }
        JsonArray volumes = volumes(set, spec.array("volumes"), ordinal);
        return pod.withLabels(labels)
                .withSpec(volumes.isEmpty() ? spec : spec.with("volumes", volumes));
    }

    /** The labels that say which one of the set's pods it is. */
    static Map<String, String> identity(KubeObject set, long ordinal) {
        return Map.of(POD_NAME, name(set, ordinal), POD_INDEX, Long.toString(ordinal));
    }

    /** The template's volumes; where a claim has the name of one, the claim stands for it. */
    private static JsonArray volumes(KubeObject set, JsonArray ofTemplate, long ordinal) {
        Map<String, Json> volumes = new LinkedHashMap<>();
        for (JsonObject claim : templates(set)) {
            String name = claim.text("metadata", "name");
            volumes.put(
                    name,
                    JsonObject.builder()
                            .put("name", name)
                            .put(
                                    "persistentVolumeClaim",
                                    JsonObject.of("claimName", claimName(set, claim, ordinal)))
                            .build());
        }
        ofTemplate.objects().forEach(volume -> volumes.putIfAbsent(volume.text("name"), volume));
        return new JsonArray(List.copyOf(volumes.values()));
    }

    private static List<JsonObject> templates(KubeObject set) {
        return set.spec().array("volumeClaimTemplates").objects();
    }

    private static String claimName(KubeObject set, JsonObject template, long ordinal) {
        return template.text("metadata", "name") + "-" + name(set, ordinal);
    }

    /** The claims that a pod needs, as they are made. */
    static List<KubeObject> claims(KubeObject set, long ordinal) {
        List<KubeObject> claims = new ArrayList<>();
        for (JsonObject template : templates(set)) {
            KubeObject claim =
                    KubeObject.of(
                            ResourceType.PERSISTENT_VOLUME_CLAIMS,
                            set.namespace(),
                            claimName(set, template, ordinal));
            JsonObject given = template.object("metadata");
            Map<String, String> labels = new LinkedHashMap<>(given.object("labels").strings());
            labels.putAll(set.spec().object("selector", "matchLabels").strings());
            claims.add(
                    claim.withMetadata(
                                    claim.metadata().toBuilder()
                                            .putUnlessEmpty("labels", JsonObject.ofStrings(labels))
                                            .putUnlessEmpty(
                                                    "annotations", given.object("annotations"))
                                            .build())
                            .withSpec(template.object("spec")));
        }
        return claims;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The defaults and rules of a StatefulSetSpec, in a StatefulSet or in a grid. */
final class StatefulSetRules {
    /** What may change; all else belongs to the pods and claims that are there. */
    private static final Set<String> MUTABLE =
            Set.of(
                    "replicas",
                    "ordinals",
                    "template",
                    "updateStrategy",
                    "revisionHistoryLimit",
                    "persistentVolumeClaimRetentionPolicy",
                    "minReadySeconds");

    private static final List<String> RETENTION = List.of("Delete", "Retain");

    private StatefulSetRules() {}

    static JsonObject defaulted(JsonObject spec) {
        JsonObject result = PodDefaults.absent(spec, "replicas", Json.of(1));
        result = result.with("template", PodDefaults.template(result.object("template")));
        result = PodDefaults.absent(result, "podManagementPolicy", Json.of("OrderedReady"));
        JsonObject strategy =
                PodDefaults.absent(
                        result.object("updateStrategy"), "type", Json.of("RollingUpdate"));
        if (strategy.text("type").equals("RollingUpdate")) {
            JsonObject rolling =
                    PodDefaults.absent(strategy.object("rollingUpdate"), "partition", Json.of(0));
            rolling = PodDefaults.absent(rolling, "maxUnavailable", Json.of(1));
            strategy = strategy.with("rollingUpdate", rolling);
        }
        result = result.with("updateStrategy", strategy);
        result = PodDefaults.absent(result, "revisionHistoryLimit", Json.of(10));
        JsonObject policy = result.object("persistentVolumeClaimRetentionPolicy");
        policy = PodDefaults.absent(policy, "whenDeleted", Json.of("Retain"));
        policy = PodDefaults.absent(policy, "whenScaled", Json.of("Retain"));
        result = result.with("persistentVolumeClaimRetentionPolicy", policy);
        return PodDefaults.each(result, "volumeClaimTemplates", StatefulSetRules::claim);
    }

    private static JsonObject claim(JsonObject claim) {
        return claim.with("apiVersion", "v1")
                .with("kind", "PersistentVolumeClaim")
                .with(
                        "spec",
                        PodDefaults.absent(
                                claim.object("spec"), "volumeMode", Json.of("Filesystem")))
                .with(
                        "status",
                        PodDefaults.absent(claim.object("status"), "phase", Json.of("Pending")));
    }

    /** The rules; defaults must be filled in. */
    static void check(JsonObject spec, String path, Errors errors) {
        String management = spec.text("podManagementPolicy");
        if (!List.of("OrderedReady", "Parallel").contains(management)) {
            errors.invalid(
                    path + ".podManagementPolicy",
                    management,
                    "must be 'OrderedReady' or 'Parallel'");
        }
        strategy(spec.object("updateStrategy"), path + ".updateStrategy", errors);
        JsonObject policy = spec.object("persistentVolumeClaimRetentionPolicy");
        for (String when : List.of("whenDeleted", "whenScaled")) {
            if (!RETENTION.contains(policy.text(when))) {
                errors.notSupported(
                        path + ".persistentVolumeClaimRetentionPolicy." + when,
                        policy.text(when),
                        RETENTION);
            }
        }
        for (String count : List.of("replicas", "minReadySeconds", "revisionHistoryLimit")) {
            errors.nonNegative(path + "." + count, spec.number(count).orElse(0));
        }
        errors.nonNegative(
                path + ".ordinals.start", spec.object("ordinals").number("start").orElse(0));
        String service = spec.text("serviceName");
        if (!service.isEmpty()) {
            // It becomes the subdomain of each pod.
            errors.invalid(path + ".serviceName", service, NameRules.label(service));
        }
        claims(spec.array("volumeClaimTemplates"), path + ".volumeClaimTemplates", errors);
        DeploymentRules.selectorAndTemplate(withClaims(spec), path, "statefulset", errors);
    }

    /** With a volume for each claim, so that what mounts one is seen to mount something. */
    private static JsonObject withClaims(JsonObject spec) {
        List<Json> volumes =
                new ArrayList<>(spec.object("template", "spec").array("volumes").items());
        List<String> named =
                spec.object("template", "spec").array("volumes").objects().stream()
                        .map(volume -> volume.text("name"))
                        .toList();
        for (JsonObject claim : spec.array("volumeClaimTemplates").objects()) {
            String name = claim.text("metadata", "name");
            if (!name.isEmpty() && !named.contains(name)) {
                volumes.add(
                        JsonObject.builder()
                                .put("name", name)
                                .put("persistentVolumeClaim", JsonObject.of("claimName", name))
                                .build());
            }
        }
        return volumes.isEmpty()
                ? spec
                : spec.withAt(List.of("template", "spec", "volumes"), new JsonArray(volumes));
    }

    private static void claims(JsonArray claims, String path, Errors errors) {
        Set<String> names = new java.util.HashSet<>();
        for (int i = 0; i < claims.size(); i++) {
            if (claims.get(i) instanceof JsonObject claim) {
                String here = path + "[" + i + "].metadata.name";
                String name = claim.text("metadata", "name");
                if (name.isEmpty()) {
                    errors.required(here);
                } else if (!names.add(name)) {
                    errors.duplicate(here, name);
                }
            }
        }
    }

    private static void strategy(JsonObject strategy, String path, Errors errors) {
        switch (strategy.text("type")) {
            case "OnDelete" -> {
                if (strategy.has("rollingUpdate")) {
                    errors.invalid(
                            path + ".rollingUpdate",
                            strategy.object("rollingUpdate"),
                            "only allowed for updateStrategy 'RollingUpdate'");
                }
            }
            case "RollingUpdate" ->
                    rolling(strategy.object("rollingUpdate"), path + ".rollingUpdate", errors);
            default -> errors.invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'");
        }
    }

    private static void rolling(JsonObject rolling, String path, Errors errors) {
        errors.nonNegative(path + ".partition", rolling.number("partition").orElse(0));
        DeploymentRules.intOrPercent(rolling, "maxUnavailable", path, errors);
        Json most = rolling.get("maxUnavailable").orElse(JsonNumber.of(1));
        if (DeploymentRules.isZero(most)) {
            errors.invalid(path + ".maxUnavailable", most, "cannot be 0");
        } else {
            DeploymentRules.notMoreThanAll(most, path + ".maxUnavailable", errors);
        }
    }

    static void checkUpdate(JsonObject before, JsonObject after, Errors errors) {
        if (!immutable(before).equals(immutable(after))) {
            errors.forbidden(
                    "spec",
                    "updates to statefulset spec for fields other than 'replicas', 'ordinals',"
                            + " 'template', 'updateStrategy', 'revisionHistoryLimit',"
                            + " 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are"
                            + " forbidden");
        }
    }

    private static JsonObject immutable(JsonObject spec) {
        JsonObject rest = spec;
        for (String field : MUTABLE) {
            rest = rest.without(field);
        }
        return rest;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import io.netty.util.NetUtil;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules for a pod's spec, in a pod or in a template. */
final class PodSpecRules {
    private static final List<String> RESTART_POLICIES = List.of("Always", "OnFailure", "Never");
    private static final List<String> DNS_POLICIES =
            List.of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
    private static final List<String> EFFECTS =
            List.of("NoSchedule", "PreferNoSchedule", "NoExecute");

    private PodSpecRules() {}

    static void check(JsonObject spec, String path, Errors errors) {
        Set<String> volumes = VolumeRules.check(spec.array("volumes"), path + ".volumes", errors);
        ContainerRules containers = new ContainerRules(volumes, spec.flag("hostNetwork"), errors);
        containers.containers(spec.array("containers"), path + ".containers");
        containers.initContainers(spec.array("initContainers"), path + ".initContainers");
        oneOf(spec, "restartPolicy", RESTART_POLICIES, path, errors);
        oneOf(spec, "dnsPolicy", DNS_POLICIES, path, errors);
        MetadataRules.labels(spec.object("nodeSelector"), path + ".nodeSelector", errors);
        subdomain(spec, "serviceAccountName", path, errors);
        subdomain(spec, "nodeName", path, errors);
        subdomain(spec, "priorityClassName", path, errors);
        subdomain(spec, "runtimeClassName", path, errors);
        PriorityClassKind.policy(spec.text("preemptionPolicy"), path + ".preemptionPolicy", errors);
        gates(spec, path, errors);
        for (String name : List.of("hostname", "subdomain")) {
            if (!spec.text(name).isEmpty()) {
                errors.invalid(
                        path + "." + name, spec.text(name), NameRules.label(spec.text(name)));
            }
        }
        errors.nonNegative(
                path + ".terminationGracePeriodSeconds",
                spec.number("terminationGracePeriodSeconds").orElse(0));
        if (spec.has("activeDeadlineSeconds")) {
            long deadline = spec.number("activeDeadlineSeconds").orElse(0);
            if (deadline < 1 || deadline > Integer.MAX_VALUE) {
                errors.invalid(
                        path + ".activeDeadlineSeconds",
                        deadline,
                        "must be between 1 and 2147483647, inclusive");
            }
        }
        JsonArray secrets = spec.array("imagePullSecrets");
        for (int i = 0; i < secrets.size(); i++) {
            if (secrets.get(i) instanceof JsonObject secret && secret.text("name").isEmpty()) {
                errors.required(path + ".imagePullSecrets[" + i + "].name");
            }
        }
        tolerations(spec.array("tolerations"), path + ".tolerations", errors);
        hostAliases(spec.array("hostAliases"), path + ".hostAliases", errors);
        AffinityRules.check(spec, path, errors);
        ContainerRules.security(spec.object("securityContext"), path + ".securityContext", errors);
        if (spec.flag("hostPID") && spec.flag("shareProcessNamespace")) {
            errors.invalid(
                    path + ".shareProcessNamespace",
                    dev.wayside.model.Json.of(true),
                    "ShareProcessNamespace and HostPID cannot both be enabled");
        }
    }

    private static void gates(JsonObject spec, String path, Errors errors) {
        JsonArray gates = spec.array("schedulingGates");
        Set<String> names = new HashSet<>();
        for (int i = 0; i < gates.size(); i++) {
            if (gates.get(i) instanceof JsonObject gate) {
                String here = path + ".schedulingGates[" + i + "]";
                String name = gate.text("name");
                errors.invalid(here + ".name", name, NameRules.qualified(name));
                if (!names.add(name)) {
                    errors.duplicate(here, name);
                }
            }
        }
        if (!gates.isEmpty() && !spec.text("nodeName").isEmpty()) {
            errors.forbidden(
                    path + ".nodeName",
                    "cannot be set until all schedulingGates have been cleared");
        }
    }

    /** Of a Deployment or ReplicaSet: its pods must live on. */
    static void template(JsonObject template, String path, Errors errors) {
        template(template, path, "ReplicaSet", errors);
    }

    /**
     * Of what keeps its pods alive.
     *
     * @param of the kind, for the message
     */
    static void template(JsonObject template, String path, String of, Errors errors) {
        anyTemplate(template, path, errors);
        JsonObject spec = template.object("spec");
        String restart = spec.text("restartPolicy");
        if (RESTART_POLICIES.contains(restart) && !restart.equals("Always")) {
            errors.notSupported(path + ".spec.restartPolicy", restart, List.of("Always"));
        }
        if (spec.has("activeDeadlineSeconds")) {
            errors.forbidden(
                    path + ".spec.activeDeadlineSeconds",
                    "activeDeadlineSeconds in " + of + " is not Supported");
        }
    }

    /** Of pods that may live on or end. */
    static void anyTemplate(JsonObject template, String path, Errors errors) {
        MetadataRules.labels(
                template.object("metadata", "labels"), path + ".metadata.labels", errors);
        MetadataRules.annotations(
                template.object("metadata", "annotations"), path + ".metadata.annotations", errors);
        JsonObject spec = template.object("spec");
        check(spec, path + ".spec", errors);
        if (!spec.array("ephemeralContainers").isEmpty()) {
            errors.forbidden(
                    path + ".spec.ephemeralContainers",
                    "ephemeral containers not allowed in pod template");
        }
    }

    private static void oneOf(
            JsonObject spec, String name, List<String> allowed, String path, Errors errors) {
        String value = spec.text(name);
        if (value.isEmpty()) {
            errors.required(path + "." + name);
        } else if (!allowed.contains(value)) {
            errors.notSupported(path + "." + name, value, allowed);
        }
    }

    private static void subdomain(JsonObject spec, String name, String path, Errors errors) {
        if (!spec.text(name).isEmpty()) {
            errors.invalid(
                    path + "." + name, spec.text(name), NameRules.subdomain(spec.text(name)));
        }
    }

    private static void tolerations(JsonArray tolerations, String path, Errors errors) {
        for (int i = 0; i < tolerations.size(); i++) {
            if (tolerations.get(i) instanceof JsonObject toleration) {
                toleration(toleration, path + "[" + i + "]", errors);
            }
        }
    }

    private static void toleration(JsonObject toleration, String path, Errors errors) {
        String key = toleration.text("key");
        String operator = toleration.text("operator");
        String value = toleration.text("value");
        String effect = toleration.text("effect");
        if (!key.isEmpty()) {
            errors.invalid(path + ".key", key, NameRules.qualified(key));
        } else if (!operator.equals("Exists")) {
            errors.invalid(
                    path + ".operator",
                    operator,
                    "operator must be Exists when `key` is empty, which means \"match all values"
                            + " and all keys\"");
        }
        if (toleration.has("tolerationSeconds") && !effect.equals("NoExecute")) {
            errors.invalid(
                    path + ".effect",
                    effect,
                    "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        switch (operator) {
            case "", "Equal" ->
                    errors.invalid(path + ".operator", value, NameRules.labelValue(value));
            case "Exists" -> {
                if (!value.isEmpty()) {
                    errors.invalid(
                            path + ".operator",
                            value,
                            "value must be empty when `operator` is 'Exists'");
                }
            }
            default ->
                    errors.notSupported(path + ".operator", operator, List.of("Equal", "Exists"));
        }
        if (!effect.isEmpty()) {
            effect(effect, path + ".effect", errors);
        }
    }

    static void effect(String effect, String path, Errors errors) {
        if (!EFFECTS.contains(effect)) {
            errors.notSupported(path, effect, EFFECTS);
        }
    }

    private static void hostAliases(JsonArray aliases, String path, Errors errors) {
        for (int i = 0; i < aliases.size(); i++) {
            if (aliases.get(i) instanceof JsonObject alias) {
                String here = path + "[" + i + "]";
                address(alias.text("ip"), here + ".ip", errors);
                List<String> names = alias.array("hostnames").strings();
                for (int j = 0; j < names.size(); j++) {
                    errors.invalid(
                            here + ".hostnames[" + j + "]",
                            names.get(j),
                            NameRules.subdomain(names.get(j)));
                }
            }
        }
    }

    /** An address in digits; names are never looked up. */
    static void address(String ip, String path, Errors errors) {
        if (!NetUtil.isValidIpV4Address(ip) && !NetUtil.isValidIpV6Address(ip)) {
            errors.invalid(
                    path, ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
    }
}

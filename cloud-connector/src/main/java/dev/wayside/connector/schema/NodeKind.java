// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import io.netty.util.NetUtil;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** Node: one gateway. */
final class NodeKind extends TypedKind {
    private static final String ROLE_PREFIX = "node-role.kubernetes.io/";
    private static final String ROLE_LABEL = "kubernetes.io/role";

    NodeKind(TypeTable table) {
        super(Facts.of(ResourceType.NODES, "core/v1.Node", "no").with("status"), table);
    }

    @Override
    KubeObject defaulted(KubeObject node) {
        KubeObject result = node;
        String cidr = node.spec().text("podCIDR");
        if (!cidr.isEmpty()) {
            result =
                    result.withSpec(
                            PodDefaults.absent(
                                    result.spec(), "podCIDRs", JsonArray.ofStrings(List.of(cidr))));
        }
        JsonObject status = result.status();
        return status.has("capacity") && !status.has("allocatable")
                ? result.withStatus(status.with("allocatable", status.object("capacity")))
                : result;
    }

    @Override
    void check(KubeObject node, Errors errors) {
        taints(node.spec().array("taints"), "spec.taints", errors);
        List<String> cidrs = node.spec().array("podCIDRs").strings();
        for (int i = 0; i < cidrs.size(); i++) {
            if (!isCidr(cidrs.get(i))) {
                errors.invalid(
                        "spec.podCIDRs[" + i + "]",
                        cidrs.get(i),
                        "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
            }
        }
        for (String list : List.of("capacity", "allocatable")) {
            JsonObject resources = node.status().object(list);
            for (String name : resources.members().keySet()) {
                ResourceRules.quantity(
                        resources, name, "status." + list + "[" + name + "]", errors);
            }
        }
    }

    static void taints(JsonArray taints, String parent, Errors errors) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < taints.size(); i++) {
            if (taints.get(i) instanceof JsonObject taint) {
                String path = parent + "[" + i + "]";
                String key = taint.text("key");
                errors.invalid(path + ".key", key, NameRules.qualified(key));
                errors.invalid(
                        path + ".value",
                        taint.text("value"),
                        NameRules.labelValue(taint.text("value")));
                String effect = taint.text("effect");
                if (effect.isEmpty()) {
                    errors.required(path + ".effect");
                } else {
                    PodSpecRules.effect(effect, path + ".effect", errors);
                }
                if (!seen.add(key + ":" + effect)) {
                    errors.duplicate(path, taint);
                }
            }
        }
    }

    private static boolean isCidr(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("[0-9]{1,3}")) {
            return false;
        }
        String address = text.substring(0, slash);
        int bits = Integer.parseInt(text.substring(slash + 1));
        return NetUtil.isValidIpV4Address(address)
                ? bits <= 32
                : NetUtil.isValidIpV6Address(address) && bits <= 128;
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        onceSet(before, after, "podCIDR", "spec.podCIDRs", errors);
        onceSet(before, after, "providerID", "spec.providerID", errors);
    }

    private static void onceSet(
            KubeObject before, KubeObject after, String name, String path, Errors errors) {
        Json old = before.spec().get(name).orElse(JsonNull.INSTANCE);
        if (!before.spec().text(name).isEmpty()
                && !old.equals(after.spec().get(name).orElse(JsonNull.INSTANCE))) {
            errors.forbidden(
                    path, "node updates may not change " + name + " except from \"\" to valid");
        }
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of(
                "spec.unschedulable", node -> String.valueOf(node.spec().flag("unschedulable")));
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Status", "The status of the node"),
                Cells.text("Roles", "The roles of the node"),
                Cells.AGE,
                Cells.text("Version", "Version of the agent on the node."),
                Cells.wide("Internal-IP", "Address inside of the site."),
                Cells.wide("External-IP", "Address from outside of the site."),
                Cells.wide("OS-Image", "Operating system of the node."),
                Cells.wide("Kernel-Version", "Kernel of the node."),
                Cells.wide("Container-Runtime", "What runs the containers."));
    }

    @Override
    public List<Json> cells(KubeObject node, Instant now) {
        JsonObject info = node.status().object("nodeInfo");
        return List.of(
                Cells.name(node),
                Json.of(status(node)),
                Json.of(roles(node)),
                Cells.age(node, now),
                Json.of(info.text("kubeletVersion")),
                Json.of(address(node, "InternalIP")),
                Json.of(address(node, "ExternalIP")),
                Cells.orElse(info.text("osImage"), "<unknown>"),
                Cells.orElse(info.text("kernelVersion"), "<unknown>"),
                Cells.orElse(info.text("containerRuntimeVersion"), "<unknown>"));
    }

    private static String status(KubeObject node) {
        String ready =
                node.condition("Ready")
                        .map(condition -> condition.text("status"))
                        .map(status -> status.equals("True") ? "Ready" : "NotReady")
                        .orElse("Unknown");
        return node.spec().flag("unschedulable") ? ready + ",SchedulingDisabled" : ready;
    }

    private static String roles(KubeObject node) {
        Set<String> roles = new TreeSet<>();
        node.labels()
                .forEach(
                        (key, value) -> {
                            if (key.startsWith(ROLE_PREFIX)) {
                                roles.add(key.substring(ROLE_PREFIX.length()));
                            } else if (key.equals(ROLE_LABEL) && !value.isEmpty()) {
                                roles.add(value);
                            }
                        });
        roles.remove("");
        return roles.isEmpty() ? "<none>" : String.join(",", roles);
    }

    private static String address(KubeObject node, String type) {
        return node.status().array("addresses").objects().stream()
                .filter(address -> address.text("type").equals(type))
                .map(address -> address.text("address"))
                .findFirst()
                .orElse("<none>");
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Service. */
final class ServiceKind extends TypedKind {

    private final ServiceRange range;

    ServiceKind(TypeTable table, ServiceRange range) {
        super(
                Facts.of(ResourceType.SERVICES, "core/v1.Service", "svc").inAll().with("status"),
                table);
        this.range = range;
    }

    @Override
    NameRules.Rule nameRule() {
        return NameRules::dns1035;
    }

    @Override
    KubeObject defaulted(KubeObject service) {
        return service.withSpec(ServiceRules.defaulted(service.spec()));
    }

    @Override
    void check(KubeObject service, Errors errors) {
        ServiceRules.check(service.spec(), "spec", errors);
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        ServiceRules.checkUpdate(before.spec(), after.spec(), errors);
    }

    @Override
    public boolean allots() {
        return true;
    }

    /** What a client leaves out of a replacement stays; a type without it gives it back. */
    @Override
    public KubeObject keeping(KubeObject before, KubeObject after) {
        JsonObject spec = after.spec();
        JsonObject old = before.spec();
        if (ServiceRules.hasAddress(spec) && spec.text("clusterIP").isEmpty()) {
            String address = old.text("clusterIP");
            if (!address.isEmpty()) {
                spec = spec.with("clusterIP", address).with("clusterIPs", old.array("clusterIPs"));
            }
        } else if (ServiceRules.type(spec).equals(ServiceRules.EXTERNAL_NAME)
                && !ServiceRules.type(old).equals(ServiceRules.EXTERNAL_NAME)
                && spec.text("clusterIP").equals(old.text("clusterIP"))) {
            spec = spec.without("clusterIP").without("clusterIPs");
        }
        if (ServiceRules.hasNodePorts(spec)) {
            spec = PodDefaults.each(spec, "ports", port -> withNodePort(port, old));
        } else if (ServiceRules.hasNodePorts(old)) {
            spec = PodDefaults.each(spec, "ports", port -> withoutNodePort(port, old));
        }
        return spec.equals(after.spec()) ? after : after.withSpec(spec);
    }

    private static JsonObject withNodePort(JsonObject port, JsonObject old) {
        return port.number("nodePort").orElse(0) != 0
                ? port
                : same(port, old)
                        .flatMap(before -> before.get("nodePort"))
                        .map(number -> port.with("nodePort", number))
                        .orElse(port);
    }

    private static JsonObject withoutNodePort(JsonObject port, JsonObject old) {
        return same(port, old)
                        .filter(before -> before.get("nodePort").equals(port.get("nodePort")))
                        .isPresent()
                ? port.without("nodePort")
                : port;
    }

    private static java.util.Optional<JsonObject> same(JsonObject port, JsonObject old) {
        return old.array("ports").objects().stream()
                .filter(
                        before ->
                                before.get("port").equals(port.get("port"))
                                        && before.text("protocol").equals(port.text("protocol")))
                .findFirst();
    }

    @Override
    public Allotted allotted(
            @Nullable KubeObject before, KubeObject service, Collection<KubeObject> others) {
        return ServiceAddresses.allotted(range, before, service, others);
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of("spec.clusterIP", at("spec", "clusterIP"), "spec.type", at("spec", "type"));
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Type", "How the service is exposed."),
                Cells.text("Cluster-IP", "Its address inside of the site."),
                Cells.text("External-IP", "Its addresses from outside."),
                Cells.text("Port(s)", "Its ports."),
                Cells.AGE,
                Cells.wide("Selector", "Which pods serve it."));
    }

    @Override
    public List<Json> cells(KubeObject service, Instant now) {
        JsonObject spec = service.spec();
        return List.of(
                Cells.name(service),
                Json.of(ServiceRules.type(spec)),
                Cells.orElse(spec.text("clusterIP"), "<none>"),
                Json.of(external(service)),
                Cells.orElse(ports(spec), "<none>"),
                Cells.age(service, now),
                Cells.orElse(selector(spec), "<none>"));
    }

    private static String external(KubeObject service) {
        JsonObject spec = service.spec();
        String type = ServiceRules.type(spec);
        if (type.equals(ServiceRules.EXTERNAL_NAME)) {
            return spec.text("externalName");
        }
        String addresses = String.join(",", spec.array("externalIPs").strings());
        if (type.equals(ServiceRules.LOAD_BALANCER)) {
            String balancer =
                    service.status().object("loadBalancer").array("ingress").objects().stream()
                            .map(each -> each.string("ip").orElse(each.text("hostname")))
                            .collect(Collectors.joining(","));
            String all =
                    balancer.isEmpty() || addresses.isEmpty()
                            ? balancer + addresses
                            : balancer + "," + addresses;
            return all.isEmpty() ? "<pending>" : all;
        }
        return addresses.isEmpty() ? "<none>" : addresses;
    }

    private static String ports(JsonObject spec) {
        return spec.array("ports").objects().stream()
                .map(
                        port -> {
                            long nodePort = port.number("nodePort").orElse(0);
                            return port.number("port").orElse(0)
                                    + (nodePort > 0 ? ":" + nodePort : "")
                                    + "/"
                                    + port.text("protocol");
                        })
                .collect(Collectors.joining(","));
    }

    private static String selector(JsonObject spec) {
        return new TreeMap<>(spec.object("selector").strings())
                .entrySet().stream()
                        .map(term -> term.getKey() + "=" + term.getValue())
                        .collect(Collectors.joining(","));
    }
}

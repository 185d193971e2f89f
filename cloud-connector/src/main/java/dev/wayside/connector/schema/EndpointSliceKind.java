// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import io.netty.util.NetUtil;
import java.time.Instant;
import java.util.List;

/** EndpointSlice: some of those who serve a Service. */
final class EndpointSliceKind extends TypedKind {
    private static final List<String> FAMILIES = List.of("FQDN", "IPv4", "IPv6");
    private static final int MOST_ENDPOINTS = 1_000;
    private static final int MOST_PORTS = 100;

    EndpointSliceKind(TypeTable table) {
        super(Facts.of(ResourceType.ENDPOINT_SLICES, "discovery/v1.EndpointSlice"), table);
    }

    @Override
    KubeObject defaulted(KubeObject slice) {
        JsonObject json =
                PodDefaults.each(
                        slice.json(),
                        "ports",
                        port ->
                                PodDefaults.absent(
                                        PodDefaults.absent(port, "name", Json.of("")),
                                        "protocol",
                                        Json.of("TCP")));
        return new KubeObject(json);
    }

    @Override
    void check(KubeObject slice, Errors errors) {
        String family = slice.json().text("addressType");
        if (family.isEmpty()) {
            errors.required("addressType");
        } else if (!FAMILIES.contains(family)) {
            errors.notSupported("addressType", family, FAMILIES);
        }
        List<JsonObject> endpoints = slice.json().array("endpoints").objects();
        if (endpoints.size() > MOST_ENDPOINTS) {
            errors.tooMany("endpoints", endpoints.size(), MOST_ENDPOINTS);
        }
        List<JsonObject> ports = slice.json().array("ports").objects();
        if (ports.size() > MOST_PORTS) {
            errors.tooMany("ports", ports.size(), MOST_PORTS);
        }
        for (int i = 0; i < endpoints.size(); i++) {
            List<String> addresses = endpoints.get(i).array("addresses").strings();
            String path = "endpoints[" + i + "].addresses";
            if (addresses.isEmpty()) {
                errors.required(path, "must contain at least 1 address");
            }
            for (int j = 0; j < addresses.size() && !family.equals("FQDN"); j++) {
                address(addresses.get(j), path + "[" + j + "]", errors);
            }
        }
    }

    static void address(String text, String path, Errors errors) {
        if (!NetUtil.isValidIpV4Address(text) && !NetUtil.isValidIpV6Address(text)) {
            errors.invalid(
                    path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        errors.immutable("", "addressType", before.json(), after.json());
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("AddressType", "What kind of addresses they are."),
                Cells.text("Ports", "Their ports."),
                Cells.text("Endpoints", "Their addresses."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject slice, Instant now) {
        List<String> ports =
                slice.json().array("ports").objects().stream()
                        .map(port -> port.number("port").stream().mapToObj(Long::toString))
                        .map(port -> port.findFirst().orElse("*"))
                        .toList();
        List<String> addresses =
                slice.json().array("endpoints").objects().stream()
                        .flatMap(endpoint -> endpoint.array("addresses").strings().stream())
                        .toList();
        return List.of(
                Cells.name(slice),
                Json.of(slice.json().text("addressType")),
                Json.of(ports.isEmpty() ? "<unset>" : EndpointsKind.shown(ports)),
                Json.of(addresses.isEmpty() ? "<unset>" : EndpointsKind.shown(addresses)),
                Cells.age(slice, now));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Endpoints: who serves a Service, in the older form. */
final class EndpointsKind extends TypedKind {
    private static final int SHOWN = 3;

    EndpointsKind(TypeTable table) {
        super(Facts.of(ResourceType.ENDPOINTS, "core/v1.Endpoints", "ep"), table);
    }

    @Override
    KubeObject defaulted(KubeObject endpoints) {
        return new KubeObject(
                PodDefaults.each(
                        endpoints.json(),
                        "subsets",
                        subset ->
                                PodDefaults.each(
                                        subset,
                                        "ports",
                                        port ->
                                                PodDefaults.absent(
                                                        port, "protocol", Json.of("TCP")))));
    }

    @Override
    void check(KubeObject endpoints, Errors errors) {
        List<JsonObject> subsets = endpoints.json().array("subsets").objects();
        for (int i = 0; i < subsets.size(); i++) {
            String path = "subsets[" + i + "]";
            for (String list : List.of("addresses", "notReadyAddresses")) {
                List<JsonObject> addresses = subsets.get(i).array(list).objects();
                for (int j = 0; j < addresses.size(); j++) {
                    EndpointSliceKind.address(
                            addresses.get(j).text("ip"),
                            path + "." + list + "[" + j + "].ip",
                            errors);
                }
            }
            List<JsonObject> ports = subsets.get(i).array("ports").objects();
            for (int j = 0; j < ports.size(); j++) {
                long port = ports.get(j).number("port").orElse(0);
                errors.invalid(
                        path + ".ports[" + j + "].port",
                        Long.toString(port),
                        NameRules.portNumber(port));
            }
        }
    }

    @Override
    public List<Column> columns() {
        return List.of(Cells.NAME, Cells.text("Endpoints", "Who serves."), Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject endpoints, Instant now) {
        List<String> all = new ArrayList<>();
        for (JsonObject subset : endpoints.json().array("subsets").objects()) {
            List<JsonObject> ports = subset.array("ports").objects();
            for (JsonObject address : subset.array("addresses").objects()) {
                if (ports.isEmpty()) {
                    all.add(address.text("ip"));
                }
                for (JsonObject port : ports) {
                    all.add(address.text("ip") + ":" + port.number("port").orElse(0));
                }
            }
        }
        return List.of(Cells.name(endpoints), Json.of(shown(all)), Cells.age(endpoints, now));
    }

    /** The first few, and how many more. */
    static String shown(List<String> all) {
        if (all.isEmpty()) {
            return "<none>";
        }
        String first = String.join(",", all.subList(0, Math.min(SHOWN, all.size())));
        return all.size() <= SHOWN ? first : first + " + " + (all.size() - SHOWN) + " more...";
    }
}

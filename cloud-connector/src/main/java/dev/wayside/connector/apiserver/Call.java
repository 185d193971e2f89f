// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.HttpRequest;
import java.util.ArrayList;
import java.util.List;

/** One authorised request for a resource, with all that its handlers need. */
record Call(
        User user,
        RequestInfo info,
        KindDefinition kind,
        HttpRequest request,
        Negotiation.Form form,
        AuditedExchange exchange) {

    ResourceType type() {
        return kind.type();
    }

    ObjectKey key() {
        return type().key(info.namespace(), info.name());
    }

    QueryParameters query() {
        return info.query();
    }

    /**
     * @throws dev.wayside.connector.store.ApiException BadRequest if the value is unknown
     */
    boolean dryRun() {
        String value = query().text("dryRun");
        if (value.isEmpty() || value.equals("All")) {
            return !value.isEmpty();
        }
        throw ApiStatus.badRequest(
                "dryRun: Unsupported value: \"" + value + "\": supported values: \"All\"");
    }

    void respond(int status, dev.wayside.model.JsonObject body) {
        respond(status, body, List.of());
    }

    void respond(int status, dev.wayside.model.JsonObject body, List<String> warnings) {
        List<String> all = new ArrayList<>(kind.warnings());
        all.addAll(warnings);
        exchange.respond(Responses.json(status, body, Responses.JSON, all));
    }
}

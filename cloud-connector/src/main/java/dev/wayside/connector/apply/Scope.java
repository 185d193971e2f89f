// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.JsonObject;

/**
 * What writes of one kind through one subresource can own. What identifies an object, and what the
 * system alone writes, nobody owns.
 *
 * @param statusApart whether the status is written through its own subresource alone
 * @param subresource {@code ""} for the object itself
 */
public record Scope(Shape shape, String apiVersion, boolean statusApart, String subresource) {
    private static final FieldSet STATUS = FieldSet.of("f:status");
    private static final FieldSet SYSTEM =
            FieldSet.of("f:apiVersion")
                    .union(FieldSet.of("f:kind"))
                    .union(metadata("name"))
                    .union(metadata("namespace"))
                    .union(metadata("creationTimestamp"))
                    .union(metadata("selfLink"))
                    .union(metadata("uid"))
                    .union(metadata("generation"))
                    .union(metadata("managedFields"))
                    .union(metadata("resourceVersion"))
                    .union(metadata("deletionTimestamp"))
                    .union(metadata("deletionGracePeriodSeconds"));

    private static FieldSet metadata(String name) {
        return FieldSet.of("f:metadata", Elements.field(name));
    }

    private boolean statusOnly() {
        return subresource.equals("status") || subresource.equals("approval");
    }

    /** Of a set, what can be owned. */
    FieldSet ownable(FieldSet set) {
        if (statusOnly()) {
            FieldSet status = set.child("f:status");
            return status.isEmpty()
                    ? FieldSet.NONE
                    : FieldSet.node(false, java.util.Map.of("f:status", status));
        }
        // The path of the metadata itself says nothing.
        FieldSet own = set.without(SYSTEM).difference(FieldSet.of("f:metadata"));
        return statusApart ? own.without(STATUS) : own;
    }

    Comparison ownable(Comparison comparison) {
        return comparison.map(this::ownable);
    }

    /** The only paths that a write can touch; the empty set if it may be any. */
    FieldSet reach() {
        return statusOnly() ? STATUS : FieldSet.NONE;
    }

    /** Of a configuration, what it can set. */
    JsonObject settable(JsonObject config) {
        if (!statusOnly()) {
            return statusApart ? config.without("status") : config;
        }
        JsonObject.Builder metadata = JsonObject.builder();
        for (String name : java.util.List.of("name", "namespace", "uid", "resourceVersion")) {
            metadata.put(name, config.object("metadata").get(name));
        }
        return JsonObject.builder()
                .put("apiVersion", config.get("apiVersion"))
                .put("kind", config.get("kind"))
                .put("metadata", metadata.build())
                .put("status", config.get("status"))
                .build();
    }

    Writer writer(String manager, boolean apply) {
        return new Writer(manager, apply, apiVersion, subresource);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What can be read off a CustomResourceDefinition without its schemas. */
public final class Definitions {
    /** Keeps a definition until its objects are gone. */
    public static final String CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

    private Definitions() {}

    /** The kind in the version that is stored; empty if it is not served. */
    public static Optional<ResourceType> storedType(KubeObject definition) {
        if (!definition.conditionIsTrue("Established")) {
            return Optional.empty();
        }
        JsonObject names = definition.status().object("acceptedNames");
        JsonObject spec = definition.spec();
        return spec.array("versions").objects().stream()
                .filter(version -> version.flag("storage"))
                .findFirst()
                .map(
                        version ->
                                new ResourceType(
                                        spec.text("group"),
                                        version.text("name"),
                                        names.text("kind"),
                                        names.text("plural"),
                                        spec.text("scope").equals("Namespaced")));
    }

    /** The definition without its schemas, which are most of it. */
    public static KubeObject outline(KubeObject definition) {
        List<Json> versions = new ArrayList<>();
        definition
                .spec()
                .array("versions")
                .objects()
                .forEach(version -> versions.add(version.without("schema")));
        return definition.withSpec(definition.spec().with("versions", new JsonArray(versions)));
    }
}

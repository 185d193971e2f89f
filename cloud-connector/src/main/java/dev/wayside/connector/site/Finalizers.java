// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.model.JsonArray;
import dev.wayside.model.KubeObject;
import java.util.List;
import java.util.stream.Stream;

/** An object with a finalizer, or without. */
final class Finalizers {
    private Finalizers() {}

    static KubeObject with(KubeObject object, String finalizer) {
        List<String> finalizers = object.finalizers();
        return finalizers.contains(finalizer)
                ? object
                : object.withMetadata(
                        "finalizers",
                        JsonArray.ofStrings(
                                Stream.concat(finalizers.stream(), Stream.of(finalizer)).toList()));
    }

    static KubeObject without(KubeObject object, String finalizer) {
        List<String> others =
                object.finalizers().stream().filter(each -> !each.equals(finalizer)).toList();
        if (others.size() == object.finalizers().size()) {
            return object;
        }
        return others.isEmpty()
                ? object.withoutMetadata("finalizers")
                : object.withMetadata("finalizers", JsonArray.ofStrings(others));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;

/**
 * Who owns fields: a name, by how it writes. An applier is the same in all versions of a kind.
 *
 * @param apply whether it applies configurations; else it updates
 * @param apiVersion in which its fields are named
 * @param subresource {@code ""} for the object itself
 */
public record Writer(String name, boolean apply, String apiVersion, String subresource) {

    boolean isSame(Writer other) {
        return name.equals(other.name)
                && apply == other.apply
                && subresource.equals(other.subresource)
                && (apply || apiVersion.equals(other.apiVersion));
    }

    /** For instance {@code "kubectl-edit" using apps/v1}. */
    String describe() {
        return Json.of(name).toJson()
                + (subresource.isEmpty() ? "" : " with subresource " + Json.of(subresource))
                + (apply ? "" : " using " + apiVersion);
    }
}

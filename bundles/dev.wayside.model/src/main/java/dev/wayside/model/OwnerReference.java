// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

/** Who owns an object ({@code metadata.ownerReferences}). */
public record OwnerReference(
        String apiVersion,
        String kind,
        String name,
        String uid,
        boolean controller,
        boolean blockOwnerDeletion) {

    public static OwnerReference of(JsonObject json) {
        return new OwnerReference(
                json.text("apiVersion"),
                json.text("kind"),
                json.text("name"),
                json.text("uid"),
                json.flag("controller"),
                json.flag("blockOwnerDeletion"));
    }

    /** The reference that a controller sets on what it makes. */
    public static OwnerReference controllerOf(KubeObject owner) {
        return new OwnerReference(
                owner.apiVersion(), owner.kind(), owner.name(), owner.uid(), true, true);
    }

    public JsonObject toJson() {
        return JsonObject.builder()
                .put("apiVersion", apiVersion)
                .put("kind", kind)
                .put("name", name)
                .put("uid", uid)
                .put("controller", controller)
                .put("blockOwnerDeletion", blockOwnerDeletion)
                .build();
    }
}

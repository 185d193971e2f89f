// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.List;

/**
 * PersistentVolumes that are folders of one gateway. The connector binds them and the gateway
 * mounts them; both have to read the same out of them.
 */
public final class LocalVolumes {
    /** Who makes such volumes, in a StorageClass and in the annotation of what was made. */
    public static final String PROVISIONER = "wayside.dev/local-folder";

    public static final String PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
    public static final String HOSTNAME = "kubernetes.io/hostname";

    private LocalVolumes() {}

    /**
     * The one Node that a volume's affinity allows, by its host name; {@code ""} if it is not one.
     */
    public static String node(KubeObject volume) {
        List<JsonObject> terms =
                volume.spec()
                        .object("nodeAffinity", "required")
                        .array("nodeSelectorTerms")
                        .objects();
        if (terms.size() != 1) {
            return "";
        }
        return terms.get(0).array("matchExpressions").objects().stream()
                .filter(each -> each.text("key").equals(HOSTNAME))
                .filter(each -> each.text("operator").equals("In"))
                .filter(each -> each.array("values").size() == 1)
                .map(each -> each.array("values").strings().get(0))
                .findFirst()
                .orElse("");
    }

    /** The affinity to one Node. */
    public static JsonObject affinityTo(String hostname) {
        JsonObject expression =
                JsonObject.builder()
                        .put("key", HOSTNAME)
                        .put("operator", "In")
                        .put("values", JsonArray.ofStrings(List.of(hostname)))
                        .build();
        JsonObject term = JsonObject.of("matchExpressions", JsonArray.of(expression));
        return JsonObject.of("required", JsonObject.of("nodeSelectorTerms", JsonArray.of(term)));
    }

    /**
     * Whether the gateway makes the volume's folder when it is first used, and removes it when a
     * volume with the policy Delete is deleted. Such a folder is named as its volume, and that by
     * the UID of its claim: no other volume ever has the same.
     */
    public static boolean isProvisioned(KubeObject volume) {
        String path = volume.spec().text("local", "path");
        return volume.annotation(PROVISIONED_BY).orElse("").equals(PROVISIONER)
                && volume.name().matches("pvc-[0-9a-f][-0-9a-f]{7,63}")
                && (path.equals(volume.name())
                        || (path.startsWith("/") && path.endsWith("/" + volume.name())))
                && !List.of(path.split("/")).contains("..")
                && !node(volume).isEmpty();
    }

    /** Whether a gateway has to say that the folder is gone before the volume is. */
    public static boolean isRemovedByGateway(KubeObject volume) {
        return isProvisioned(volume)
                && volume.spec().text("persistentVolumeReclaimPolicy").equals("Delete");
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.storage;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What both steps need: writes that hold only over what was seen, and words for people. */
final class Storage {
    static final String NAME = "persistentvolume-controller";
    static final String NODE_DELETED = "NodeDeleted";

    private static final WriteOptions AS_ME = WriteOptions.by(NAME);

    private final Cluster cluster;

    Storage(Cluster cluster) {
        this.cluster = cluster;
    }

    Informer claims() {
        return cluster.informer(ResourceType.PERSISTENT_VOLUME_CLAIMS);
    }

    Informer volumes() {
        return cluster.informer(ResourceType.PERSISTENT_VOLUMES);
    }

    /** Writes an object that carries the revision it was read at. */
    KubeObject update(ResourceType type, KubeObject object) {
        return cluster.informer(type).write(() -> cluster.store().update(type, object, "", AS_ME));
    }

    /** Creates an object; what is there already by its name is answered instead. */
    KubeObject create(ResourceType type, KubeObject object) {
        try {
            return cluster.informer(type).write(() -> cluster.store().create(type, object, AS_ME));
        } catch (ApiException e) {
            if (e.reason() != Reason.ALREADY_EXISTS) {
                throw e;
            }
            return cluster.store().get(object.key(type)).orElseThrow(() -> e);
        }
    }

    void status(ResourceType type, KubeObject object, JsonObject status) {
        cluster.writeStatus(type, object, status, NAME);
    }

    /** Whether the gateway that has the volume was deleted: the operator's word that it is gone. */
    boolean isLost(KubeObject volume) {
        String node = LocalVolumes.node(volume);
        return !node.isEmpty()
                && cluster.nodes().get("", node).isEmpty()
                // It may be there and not have arrived here.
                && cluster.store().get(ResourceType.NODES.key("", node)).isEmpty();
    }

    /** As {@link #isLost}, in words. */
    static String lost(KubeObject volume) {
        return "node \""
                + LocalVolumes.node(volume)
                + "\" was deleted, and with it the data of volume \""
                + volume.name()
                + "\"; it is there again only if this gateway joins again under this name with its"
                + " data folder";
    }

    static KubeObject annotated(KubeObject object, String name, String value) {
        Map<String, String> annotations = new LinkedHashMap<>(object.annotations());
        annotations.put(name, value);
        return object.withAnnotations(annotations);
    }

    static KubeObject withoutFinalizer(KubeObject object, String finalizer) {
        List<String> rest = new ArrayList<>(object.finalizers());
        rest.remove(finalizer);
        return rest.isEmpty()
                ? object.withoutMetadata("finalizers")
                : object.withMetadata("finalizers", JsonArray.ofStrings(rest));
    }

    /** The status of a volume; the time of a change of phase is noted. */
    JsonObject phase(KubeObject volume, String phase, String reason, String message) {
        JsonObject before = volume.status();
        JsonObject.Builder status = before.toBuilder();
        for (String member : List.of("phase", "reason", "message")) {
            status.remove(member);
        }
        status.put("phase", phase)
                .putUnlessEmpty("reason", reason)
                .putUnlessEmpty("message", message);
        if (!before.text("phase").equals(phase)) {
            status.remove("lastPhaseTransitionTime")
                    .put(
                            "lastPhaseTransitionTime",
                            Json.of(Conditions.time(cluster.clock().instant())));
        }
        JsonObject after = status.build();
        boolean same =
                List.of("phase", "reason", "message").stream()
                        .allMatch(member -> before.text(member).equals(after.text(member)));
        return same ? before : after;
    }

    void normal(KubeObject about, String reason, String message) {
        cluster.normal(about, reason, message, NAME);
    }

    void warn(KubeObject about, String reason, String message) {
        cluster.warn(about, reason, message, NAME);
    }
}

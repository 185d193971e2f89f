// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.state.LocalRecords;
import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pods' records; the durable copy is written before the one in memory. Safe for any thread. */
final class PodRecords {
    static final String BUCKET = "dev.wayside.workload.pods";

    private static final Logger LOG = LoggerFactory.getLogger(PodRecords.class);

    private final LocalRecords store;
    private final Map<String, PodRecord> byUid = new ConcurrentHashMap<>();

    PodRecords(LocalRecords store) {
        this.store = store;
        for (Map.Entry<String, JsonObject> entry : store.all(BUCKET).entrySet()) {
            try {
                byUid.put(entry.getKey(), PodRecord.of(entry.getKey(), entry.getValue()));
            } catch (IllegalArgumentException e) {
                // The pod is judged anew, or found by its containers: nothing is lost with it.
                LOG.warn("Passing over an unreadable record: {}", e.getMessage());
            }
        }
    }

    Optional<PodRecord> get(String uid) {
        return Optional.ofNullable(byUid.get(uid));
    }

    List<PodRecord> all() {
        return new ArrayList<>(byUid.values());
    }

    List<PodRecord> of(ObjectKey key) {
        return byUid.values().stream().filter(record -> record.key().equals(key)).toList();
    }

    void put(PodRecord record) throws StateException {
        store.put(BUCKET, record.uid(), record.toJson());
        byUid.put(record.uid(), record);
    }

    void remove(String uid) throws StateException {
        if (byUid.containsKey(uid)) {
            store.remove(BUCKET, uid);
            byUid.remove(uid);
        }
    }
}

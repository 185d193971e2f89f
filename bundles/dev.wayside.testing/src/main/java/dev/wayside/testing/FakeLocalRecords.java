// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import dev.wayside.api.state.LocalRecords;
import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Local records in memory, which outlive the component under test. */
public final class FakeLocalRecords implements LocalRecords {
    private static final int MAX_BYTES = 64 * 1024;

    private final Map<String, Map<String, JsonObject>> buckets = new TreeMap<>();
    private Runnable beforeWrite = () -> {};
    private boolean full;

    /** Runs before each write; may throw an {@link Error} to play a crash. */
    public synchronized void beforeWrite(Runnable hook) {
        beforeWrite = hook;
    }

    /** From now on the disk is full, or not. */
    public synchronized void full(boolean isFull) {
        full = isFull;
    }

    @Override
    public synchronized Optional<JsonObject> get(String bucket, String key) {
        return Optional.ofNullable(buckets.getOrDefault(bucket, Map.of()).get(key));
    }

    @Override
    public synchronized Map<String, JsonObject> all(String bucket) {
        return new LinkedHashMap<>(buckets.getOrDefault(bucket, Map.of()));
    }

    @Override
    public synchronized void put(String bucket, String key, JsonObject record)
            throws StateException {
        write();
        if (record.toBytes().length > MAX_BYTES) {
            throw new StateException("record " + bucket + "/" + key + " is too large", null);
        }
        buckets.computeIfAbsent(bucket, name -> new TreeMap<>()).put(key, record);
    }

    @Override
    public synchronized void remove(String bucket, String key) throws StateException {
        write();
        buckets.getOrDefault(bucket, new TreeMap<>()).remove(key);
    }

    private void write() throws StateException {
        beforeWrite.run();
        if (full) {
            throw new StateException("disk full", null);
        }
    }
}

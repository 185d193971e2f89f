// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.LocalRecords;
import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Other bundles' records in the state store. */
final class StoredRecords implements LocalRecords {
    private static final int MAX_BYTES = 64 * 1024;

    private final StateStore store;

    StoredRecords(StateStore store) {
        this.store = store;
    }

    @Override
    public Optional<JsonObject> get(String bucket, String key) {
        return store.get(name(bucket, key));
    }

    @Override
    public Map<String, JsonObject> all(String bucket) {
        String prefix = name(bucket, "");
        Map<String, JsonObject> all = new TreeMap<>();
        store.all(prefix).forEach((key, value) -> all.put(key.substring(prefix.length()), value));
        return all;
    }

    @Override
    public void put(String bucket, String key, JsonObject record) throws StateException {
        int size = record.toBytes().length;
        if (size > MAX_BYTES) {
            throw new StateException(
                    "the record "
                            + bucket
                            + "/"
                            + key
                            + " has "
                            + size
                            + " bytes, allowed are "
                            + MAX_BYTES,
                    null);
        }
        store.write(edit -> edit.put(name(bucket, key), record));
    }

    @Override
    public void remove(String bucket, String key) throws StateException {
        store.write(edit -> edit.remove(name(bucket, key)));
    }

    private static String name(String bucket, String key) {
        if (bucket.isEmpty() || bucket.indexOf('/') >= 0) {
            throw new IllegalArgumentException("a bucket's name has no slash: \"" + bucket + "\"");
        }
        return Keys.records(bucket) + key;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;

/**
 * The names of what is stored. No part but the last of a record's name holds a slash, so that names
 * can be taken apart again.
 */
final class Keys {
    static final String OBJECTS = "o/";
    static final String CURSORS = "c/";
    static final String STATUSES = "s/";
    static final String DELETIONS = "d/";
    static final String EVENTS = "e/";
    static final String RECORDS = "r/";

    /** The format of the file. */
    static final String ABOUT = "m/about";

    /** Whose state it is. */
    static final String OWNER = "m/owner";

    /** The UID of the connector's store. */
    static final String ORIGIN = "m/origin";

    private Keys() {}

    static String object(ObjectKey key) {
        return OBJECTS + path(key);
    }

    static String objects(ResourceType type) {
        return OBJECTS + type.qualified() + "/";
    }

    static String status(ObjectKey key, String uid) {
        return STATUSES + path(key) + "/" + uid;
    }

    static String deletion(ObjectKey key, String uid) {
        return DELETIONS + path(key) + "/" + uid;
    }

    static String records(String bucket) {
        return RECORDS + bucket + "/";
    }

    /** The object that a key of {@link #OBJECTS}, {@link #STATUSES} or {@link #DELETIONS} names. */
    static ObjectKey objectKey(String key) {
        String[] parts = key.split("/", -1);
        return new ObjectKey(parts[1], parts[2], parts[3]);
    }

    /** The UID that a key of {@link #STATUSES} or {@link #DELETIONS} ends with. */
    static String uid(String key) {
        return key.substring(key.lastIndexOf('/') + 1);
    }

    private static String path(ObjectKey key) {
        return key.resource() + "/" + key.namespace() + "/" + key.name();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.state;

import dev.wayside.model.JsonObject;
import dev.wayside.model.ObjectKey;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What this gateway has to report, kept until the connector has it. Each call returns once the
 * entry is synced to disk (a few ms, shared with others). Safe for any thread.
 */
@ProviderType
public interface Outbox {
    /**
     * Reports an object's status. Only the newest per object and UID is kept and sent. Dropped if
     * the connector says that the object or the UID is gone.
     *
     * @param status the whole of {@code status}; it replaces what the connector has, but for
     *     conditions of types that are not in it: those are others'
     * @throws StateException if it cannot be stored; the caller should try again later
     */
    void status(ObjectKey key, String uid, JsonObject status) throws StateException;

    /**
     * The newest status given for this object and UID, sent or not, as long as the object is there.
     */
    Optional<JsonObject> lastStatus(ObjectKey key, String uid);

    /**
     * Says that nothing of a deleted object runs here any more, so that the connector may remove it
     * (grace period 0, with the UID as precondition). Never superseded, never dropped before it is
     * answered.
     *
     * @throws StateException if it cannot be stored; the caller should try again later
     */
    void confirmDeletion(ObjectKey key, String uid) throws StateException;

    /**
     * Reports an event. Repeats of the same object, reason and message are counted, not kept; the
     * oldest are dropped when there are too many (1,000).
     *
     * @throws StateException if it cannot be stored
     */
    void event(EventRecord event) throws StateException;

    /**
     * @param about the object
     * @param kind its kind, for instance {@code Pod}
     * @param uid its UID
     * @param type {@code Normal} or {@code Warning}
     * @param reason one CamelCase word
     * @param message for people; no secrets
     */
    record EventRecord(
            ObjectKey about, String kind, String uid, String type, String reason, String message) {}
}

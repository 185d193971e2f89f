// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.FieldSelector;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Kubernetes objects by kind: all that the API and the controllers see. Revisions are opaque to its
 * users and compared only for equality. There are no transactions over several objects. What it
 * answers to a write is durable. Writes default and validate as the kind asks, set {@code uid},
 * {@code creationTimestamp}, {@code generation} and {@code resourceVersion}, and honour
 * preconditions. Where a kind has several versions, objects are read in the one that is stored
 * (lists and watches as they were written); a write speaks the version of its type, and so does its
 * answer. Safe for any thread; every call may block for a disk sync. Errors are {@link
 * ApiException}s.
 */
public interface ObjectStore {

    Optional<KubeObject> get(ObjectKey key);

    ObjectList list(ListQuery query);

    /**
     * Watches from a revision on (exclusive). Events come in commit order, each once, from a thread
     * of the store's; the listener must not block.
     *
     * @throws ApiException 410 Expired if events since that revision are no longer all there
     */
    Watch watch(WatchQuery query, WatchListener listener);

    /**
     * @throws ApiException AlreadyExists, Invalid, NotFound (the namespace), Forbidden (the
     *     namespace is ending)
     */
    KubeObject create(ResourceType type, KubeObject object, WriteOptions options);

    /**
     * Replaces an object, or with a subresource only that part ({@code status}, {@code approval},
     * {@code binding} …; {@code ""} for the object). A {@code resourceVersion} or {@code uid} in
     * the object is a precondition.
     *
     * @throws ApiException NotFound, Conflict, Invalid
     */
    KubeObject update(
            ResourceType type, KubeObject object, String subresource, WriteOptions options);

    /**
     * Reads, patches and replaces, again and again while others write in between (unless the patch
     * names a revision). Of the type {@link PatchType#APPLY} it is a server-side apply to an object
     * that is there; one that is not is created with {@link Tracking#APPLY}.
     *
     * @throws ApiException NotFound, Conflict (with the fields that others own), Invalid,
     *     BadRequest, UnsupportedMediaType
     */
    KubeObject patch(
            ResourceType type,
            ObjectKey key,
            Patch patch,
            String subresource,
            WriteOptions options);

    /**
     * Deletes, or marks as deleted where finalizers, a grace period or foreground propagation ask
     * to wait.
     *
     * @throws ApiException NotFound, Conflict (preconditions)
     */
    Deleted delete(ResourceType type, ObjectKey key, DeleteOptions options);

    /** How a patch is to be read. */
    enum PatchType {
        MERGE,
        STRATEGIC,
        JSON,
        APPLY
    }

    /**
     * @param body an object, or an array for {@link PatchType#JSON}
     */
    record Patch(PatchType type, dev.wayside.model.Json body) {
        public static Patch merge(JsonObject body) {
            return new Patch(PatchType.MERGE, body);
        }
    }

    /** Whether a writer comes to own the fields that it writes ({@code managedFields}). */
    enum Tracking {
        /** It owns nothing: the connector's own writers and the gateways. */
        NONE,
        /** It owns what it changes. */
        UPDATE,
        /** It creates by server-side apply, and owns what it names. */
        APPLY
    }

    /**
     * @param fieldManager who writes; {@code ""} if unknown
     * @param force overrides conflicts of server-side apply
     * @param tracking whether the writer owns what it writes; a patch of the type {@link
     *     PatchType#APPLY} always does
     * @param admission has the last word
     */
    record WriteOptions(
            String fieldManager,
            boolean dryRun,
            boolean force,
            Tracking tracking,
            Admission admission) {
        public WriteOptions(String fieldManager, boolean dryRun, boolean force) {
            this(fieldManager, dryRun, force, Tracking.NONE);
        }

        public WriteOptions(String fieldManager, boolean dryRun, boolean force, Tracking tracking) {
            this(fieldManager, dryRun, force, tracking, Admission.ANY);
        }

        /** For writers of the connector's own. */
        public static WriteOptions by(String fieldManager) {
            return new WriteOptions(fieldManager, false, false);
        }

        public WriteOptions tracking(Tracking tracking) {
            return new WriteOptions(fieldManager, dryRun, force, tracking, admission);
        }

        public WriteOptions admitting(Admission judge) {
            return new WriteOptions(fieldManager, dryRun, force, tracking, judge);
        }
    }

    /**
     * Judges what a create, update or patch would store. Called by the writing thread, for a dry
     * run too, and again if others write in between.
     */
    interface Admission {
        Admission ANY = (before, after) -> {};

        /**
         * @param before null if the object is new
         * @throws ApiException to refuse
         */
        void admit(@Nullable KubeObject before, KubeObject after);
    }

    /** What becomes of dependents. */
    enum Propagation {
        BACKGROUND,
        FOREGROUND,
        ORPHAN
    }

    /**
     * @param graceSeconds empty for the object's or the kind's own; 0 for now
     * @param uid the object's expected UID, null for any
     * @param resourceVersion the expected revision, null for any
     * @param propagation null for the kind's own
     */
    record DeleteOptions(
            OptionalLong graceSeconds,
            @Nullable String uid,
            @Nullable String resourceVersion,
            @Nullable Propagation propagation,
            boolean dryRun) {
        public static final DeleteOptions BACKGROUND =
                new DeleteOptions(OptionalLong.empty(), null, null, Propagation.BACKGROUND, false);
    }

    /**
     * @param gone whether it was removed, not only marked
     */
    record Deleted(KubeObject object, boolean gone) {}

    /**
     * @param namespace {@code ""} for all
     * @param limit 0 for no limit
     * @param continueToken {@code ""} for the first page
     * @param resourceVersion {@code ""} for the most recent; {@code "0"} for any
     * @param exact whether the list must be as of that revision ({@code
     *     resourceVersionMatch=Exact})
     */
    record ListQuery(
            ResourceType type,
            String namespace,
            LabelSelector labels,
            FieldSelector fields,
            int limit,
            String continueToken,
            String resourceVersion,
            boolean exact) {
        public static ListQuery all(ResourceType type) {
            return in(type, "", LabelSelector.EVERYTHING);
        }

        public static ListQuery in(ResourceType type, String namespace, LabelSelector labels) {
            return new ListQuery(
                    type, namespace, labels, FieldSelector.EVERYTHING, 0, "", "", false);
        }
    }

    /**
     * @param resourceVersion of the whole list
     * @param continueToken {@code ""} if this is the last page
     * @param remaining items after this page, if known
     */
    record ObjectList(
            List<KubeObject> items,
            String resourceVersion,
            String continueToken,
            OptionalLong remaining) {}

    /**
     * @param resourceVersion events after it; {@code ""} or {@code "0"}: first an ADDED for
     *     everything that matches now
     * @param sendInitialEvents first an ADDED for everything that matches, then a bookmark
     *     annotated {@code k8s.io/initial-events-end}
     * @param bookmarks whether bookmarks are wanted now and then
     */
    record WatchQuery(
            ResourceType type,
            String namespace,
            LabelSelector labels,
            FieldSelector fields,
            String resourceVersion,
            boolean sendInitialEvents,
            boolean bookmarks) {}

    enum EventType {
        ADDED,
        MODIFIED,
        DELETED,
        BOOKMARK
    }

    /**
     * One event. An object that begins or ceases to match the selectors comes as ADDED or DELETED.
     * All watches that are told the same of the same change are given the same one.
     */
    final class Event {
        private final EventType type;
        private final KubeObject object;
        private final Map<Object, byte[]> forms = new ConcurrentHashMap<>(2);

        /**
         * @param object for DELETED the last state, with the revision of the deletion; for BOOKMARK
         *     nothing but the revision
         */
        public Event(EventType type, KubeObject object) {
            this.type = type;
            this.object = object;
        }

        public EventType type() {
            return type;
        }

        public KubeObject object() {
            return object;
        }

        /**
         * What it looks like in a form: made once, and shared by all who ask for that form. Not to
         * be changed.
         *
         * @param form with equality by content; all that decides how it looks
         */
        public byte[] in(Object form, Function<Event, byte[]> maker) {
            return forms.computeIfAbsent(form, any -> maker.apply(this));
        }

        @Override
        public String toString() {
            return type + " " + object;
        }
    }

    interface WatchListener {
        void onEvent(Event event);

        /**
         * The watch is over: it fell behind further than the store keeps (410), or the store stops.
         * Nothing follows.
         */
        void onEnd(ApiException reason);
    }

    interface Watch extends AutoCloseable {
        /**
         * Asks for a bookmark now, after the events that are under way; for instance before a
         * request times out.
         */
        void bookmark();

        @Override
        void close();
    }
}

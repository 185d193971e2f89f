// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * One object at one revision: its text, which is all that stays in memory, and the tree as long as
 * somebody has it. The text lacks the revision, which only the writer knows.
 */
final class Stored {
    private final KindDefinition kind;
    private final ObjectKey key;
    private final long revision;
    private final byte[] text;
    private @Nullable WeakReference<KubeObject> tree;
    private @Nullable Facets facets;

    Stored(KindDefinition kind, ObjectKey key, long revision, byte[] text) {
        this.kind = kind;
        this.key = key;
        this.revision = revision;
        this.text = text;
    }

    /** From a draft, whose tree and facets are known already. */
    Stored(Draft draft, long revision) {
        this(draft.kind(), draft.key(), revision, draft.text());
        KubeObject object = at(draft.object(), revision);
        this.tree = new WeakReference<>(object);
        this.facets = draft.facets();
    }

    /** An object that is to be written. Made on the caller's thread, to spare the writer. */
    record Draft(
            KindDefinition kind, ObjectKey key, KubeObject object, byte[] text, Facets facets) {
        static Draft of(KindDefinition kind, ObjectKey key, KubeObject object) {
            KubeObject bare = object.withoutMetadata("resourceVersion");
            return new Draft(kind, key, bare, bare.json().toBytes(), Facets.of(kind, bare));
        }

        /** The same, seen by what the kind has become meanwhile. */
        Draft as(KindDefinition newer) {
            return newer == kind
                    ? this
                    : new Draft(newer, key, object, text, Facets.of(newer, object));
        }
    }

    /** The same, seen by what the kind has become meanwhile. */
    Stored as(KindDefinition newer) {
        return new Stored(newer, key, revision, text);
    }

    ObjectKey key() {
        return key;
    }

    long revision() {
        return revision;
    }

    byte[] text() {
        return text;
    }

    KubeObject object() {
        // A race costs a second reading, no more: the field is written and read whole.
        WeakReference<KubeObject> known = tree;
        KubeObject object = known == null ? null : known.get();
        if (object == null) {
            object = new KubeObject(JsonObject.ofText(StoredText.withRevision(text, revision)));
            tree = new WeakReference<>(object);
        }
        return object;
    }

    Facets facets() {
        Facets known = facets;
        if (known == null) {
            known = Facets.of(kind, object());
            facets = known;
        }
        return known;
    }

    static KubeObject at(KubeObject object, long revision) {
        return object.withMetadata("resourceVersion", Json.of(Long.toString(revision)));
    }
}

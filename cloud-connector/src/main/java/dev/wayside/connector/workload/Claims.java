// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.OwnerReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Whose child is whose: a parent adopts what its selector matches and nobody controls, and lets go
 * of what it controls and no longer matches.
 */
final class Claims {
    private final ObjectStore store;
    private final Informer parents;
    private final Informer children;
    private final BiPredicate<KubeObject, KubeObject> fits;
    private final WriteOptions options;

    Claims(ObjectStore store, Informer parents, Informer children, WriteOptions options) {
        this(store, parents, children, (parent, child) -> true, options);
    }

    /**
     * @param fits what beside the selector makes a child the parent's
     */
    Claims(
            ObjectStore store,
            Informer parents,
            Informer children,
            BiPredicate<KubeObject, KubeObject> fits,
            WriteOptions options) {
        this.store = store;
        this.parents = parents;
        this.children = children;
        this.fits = fits;
        this.options = options;
    }

    /** An empty selector matches nothing, as for all workloads. */
    static LabelSelector selector(KubeObject parent) {
        return LabelSelector.of(parent.spec().object("selector"));
    }

    private boolean selects(KubeObject parent, KubeObject child) {
        LabelSelector selector = selector(parent);
        return !selector.isEmpty() && selector.matches(child.labels()) && fits.test(parent, child);
    }

    /** Whether a change made a child one that somebody might adopt. */
    static boolean isNewlyUnclaimed(@Nullable KubeObject before, KubeObject after) {
        return after.controller().isEmpty()
                && (before == null
                        || before.controller().isPresent()
                        || !before.labels().equals(after.labels()));
    }

    /** The parents whose selector matches a child that nobody controls. */
    List<KubeObject> thatMayClaim(KubeObject child) {
        return parents.inNamespace(child.namespace()).stream()
                .filter(parent -> selects(parent, child))
                .toList();
    }

    /** The parent's children, after taking and letting go. */
    List<KubeObject> claim(KubeObject parent) {
        List<KubeObject> claimed = new ArrayList<>();
        boolean ending = parent.deleted().isPresent();
        for (KubeObject child : children.ownedBy(parent.uid())) {
            boolean mine =
                    child.controller()
                            .filter(owner -> owner.uid().equals(parent.uid()))
                            .isPresent();
            if (!mine) {
                continue;
            }
            if (selects(parent, child)) {
                claimed.add(child);
            } else if (!ending && child.deleted().isEmpty()) {
                release(parent, child);
            }
        }
        if (!ending) {
            for (KubeObject child : children.withoutController(parent.namespace())) {
                if (child.deleted().isEmpty() && selects(parent, child) && stillThere(parent)) {
                    claimed.add(adopt(parent, child));
                }
            }
        }
        return claimed;
    }

    /** A parent that was deleted and made again must not take children for its old self. */
    private boolean stillThere(KubeObject parent) {
        return store.get(parent.key(parents.type()))
                .filter(fresh -> fresh.uid().equals(parent.uid()) && fresh.deleted().isEmpty())
                .isPresent();
    }

    private KubeObject adopt(KubeObject parent, KubeObject child) {
        JsonArray owners =
                child.metadata()
                        .array("ownerReferences")
                        .plus(OwnerReference.controllerOf(parent).toJson());
        // The revision that it was seen with is the precondition: nobody else took it meanwhile.
        KubeObject adopted = child.withMetadata("ownerReferences", owners);
        return children.write(() -> store.update(children.type(), adopted, "", options));
    }

    private void release(KubeObject parent, KubeObject child) {
        List<Json> owners = new ArrayList<>();
        for (JsonObject owner : child.metadata().array("ownerReferences").objects()) {
            if (!owner.text("uid").equals(parent.uid())) {
                owners.add(owner);
            }
        }
        KubeObject released =
                owners.isEmpty()
                        ? child.withoutMetadata("ownerReferences")
                        : child.withMetadata("ownerReferences", new JsonArray(owners));
        children.write(() -> store.update(children.type(), released, "", options));
    }
}

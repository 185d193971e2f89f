// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.ObjectList;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Lists: selects, and cuts into pages that all show one revision. */
final class ListReader {
    private final StoreEngine engine;

    ListReader(StoreEngine engine) {
        this.engine = engine;
    }

    ObjectList list(ListQuery query, Selection selection) {
        long revision = revision(query.resourceVersion());
        boolean exact = query.exact();
        ObjectKey after = null;
        if (query.limit() < 0) {
            throw new ApiException(Reason.BAD_REQUEST, "limit must not be negative");
        }
        if (!query.continueToken().isEmpty()) {
            if (revision != 0) {
                throw new ApiException(
                        Reason.BAD_REQUEST,
                        "specifying resource version is not allowed when using continue");
            }
            ContinueTokens.Position position =
                    ContinueTokens.read(
                            engine.tokenKey(),
                            query.type().qualified(),
                            selection,
                            query.continueToken());
            revision = position.revision();
            after = position.last();
            exact = true;
        } else if (exact && revision == 0) {
            throw new ApiException(
                    Reason.BAD_REQUEST,
                    "resourceVersionMatch Exact needs a resourceVersion other than 0");
        }
        StoreEngine.Snapshot snapshot =
                engine.list(query.type(), selection.namespace(), revision, exact, after);
        return page(query, selection, snapshot);
    }

    private ObjectList page(ListQuery query, Selection selection, StoreEngine.Snapshot snapshot) {
        int limit = query.limit() == 0 ? Integer.MAX_VALUE : query.limit();
        List<KubeObject> items = new ArrayList<>();
        List<Stored> objects = snapshot.objects();
        ObjectKey last = null;
        for (int i = 0; i < objects.size(); i++) {
            Stored stored = objects.get(i);
            if (!selection.matches(stored)) {
                continue;
            }
            if (last != null && items.size() == limit) {
                int left = objects.size() - i;
                return result(selection, items, snapshot.revision(), last, left);
            }
            items.add(stored.object());
            last = stored.key();
        }
        return result(selection, items, snapshot.revision(), null, 0);
    }

    private ObjectList result(
            Selection selection,
            List<KubeObject> items,
            long revision,
            @Nullable ObjectKey last,
            int left) {
        if (last == null) {
            return new ObjectList(items, Long.toString(revision), "", OptionalLong.empty());
        }
        return new ObjectList(
                items,
                Long.toString(revision),
                ContinueTokens.write(
                        engine.tokenKey(), selection, new ContinueTokens.Position(revision, last)),
                // With selectors, only reading on would tell.
                selection.isEverything() ? OptionalLong.of(left) : OptionalLong.empty());
    }

    /** 0 for none or any. */
    static long revision(String text) {
        if (text.isEmpty()) {
            return 0;
        }
        try {
            return Long.parseUnsignedLong(text) >= 0 ? Long.parseLong(text) : Long.MAX_VALUE;
        } catch (NumberFormatException e) {
            ApiException exception =
                    new ApiException(
                            Reason.BAD_REQUEST,
                            "Invalid value: \""
                                    + text
                                    + "\": strconv.ParseUint: parsing \""
                                    + text
                                    + "\": invalid syntax");
            exception.initCause(e);
            throw exception;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.KubeObject;
import java.time.Clock;
import java.util.concurrent.atomic.LongAdder;

/** get and list. */
final class ReadRequests {
    private final ObjectStore store;
    private final Clock clock;
    private final LongAdder encodings = new LongAdder();

    ReadRequests(ObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /** How many events of watches were encoded so far. */
    long encodings() {
        return encodings.sum();
    }

    void get(Call call) {
        KubeObject object =
                store.get(call.key()).orElseThrow(() -> ApiException.notFound(call.key()));
        call.respond(200, presentation(call).object(object));
    }

    void list(Call call) {
        call.respond(200, presentation(call).list(store.list(query(call))));
    }

    Presentation presentation(Call call) {
        return new Presentation(
                call.kind(), call.form(), call.query().text("includeObject"), clock, encodings);
    }

    /**
     * @throws ApiException BadRequest if a parameter is no good
     */
    static ListQuery query(Call call) {
        QueryParameters query = call.query();
        return new ListQuery(
                call.type(),
                call.info().namespace(),
                call.info().labels(),
                fields(call),
                (int) Math.min(query.number("limit").orElse(0), 10_000),
                query.text("continue"),
                query.text("resourceVersion"),
                query.text("resourceVersionMatch").equals("Exact"));
    }

    /**
     * @throws ApiException BadRequest if the kind has no such field
     */
    static FieldSelector fields(Call call) {
        KindDefinition kind = call.kind();
        FieldSelector fields = call.info().fields();
        for (FieldSelector.Term term : fields.terms()) {
            if (!kind.selectableFields().contains(term.field())) {
                throw ApiStatus.badRequest("field label not supported: " + term.field());
            }
        }
        return fields;
    }
}

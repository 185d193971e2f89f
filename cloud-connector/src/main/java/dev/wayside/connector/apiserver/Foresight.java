// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.apiserver.ChangePlans.Change;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the {@link ChangePlans} about one request, within its time. For one thread. */
final class Foresight {
    private static final Logger LOG = LoggerFactory.getLogger(Foresight.class);

    /** In which writes wait for it. */
    private static final Duration WRITE = Duration.ofMillis(250);

    private static final Duration DRY_RUN = Duration.ofSeconds(3);

    private final ChangePlans plans;
    private final Authorizer authorizer;
    private final Call call;
    private final boolean concerned;
    private final Map<String, Boolean> known = new HashMap<>();
    private long end;
    private List<String> warnings = List.of();

    Foresight(ChangePlans plans, Authorizer authorizer, Call call) {
        this.plans = plans;
        this.authorizer = authorizer;
        this.call = call;
        this.concerned = call.info().subresource().isEmpty() && plans.concerns(call.type());
    }

    /** Whether there is anything to ask. */
    boolean concerned() {
        return concerned;
    }

    /** Before it is written; again if others write in between, and then only that counts. */
    void writes(@Nullable KubeObject before, KubeObject after) {
        if (concerned) {
            ask(before, after, call.dryRun(), false);
        }
    }

    void deletes(KubeObject object, boolean dryRun, @Nullable Propagation propagation) {
        ask(object, null, dryRun, propagation == Propagation.ORPHAN);
    }

    List<String> warnings() {
        return warnings;
    }

    private void ask(
            @Nullable KubeObject before,
            @Nullable KubeObject after,
            boolean dryRun,
            boolean orphaning) {
        long now = System.nanoTime();
        if (end == 0) {
            end = now + (dryRun ? DRY_RUN : WRITE).toNanos();
        }
        try {
            warnings =
                    plans.warnings(
                            new Change(
                                    call.type(),
                                    before == null ? null : asStored(before),
                                    after == null ? null : asStored(after),
                                    dryRun,
                                    orphaning,
                                    () -> System.nanoTime() - end > 0,
                                    this::mayKnow));
        } catch (RuntimeException e) {
            LOG.warn("What comes of a change of {} could not be foretold", call.key(), e);
        }
    }

    /** Built-in kinds, and plans are for those alone, know which version is stored. */
    private KubeObject asStored(KubeObject object) {
        return call.kind().unconverted(object, call.type().apiVersion());
    }

    /** Whoever may list them may be told of them. */
    private boolean mayKnow(ResourceType type, String namespace) {
        return known.computeIfAbsent(
                type.qualified() + "/" + namespace,
                any -> {
                    RequestInfo asked =
                            new RequestInfo(
                                    "GET",
                                    "",
                                    true,
                                    "list",
                                    type.group(),
                                    type.version(),
                                    namespace,
                                    type.plural(),
                                    "",
                                    "",
                                    QueryParameters.NONE);
                    return authorizer.authorize(call.user(), asked).allowed();
                });
    }
}

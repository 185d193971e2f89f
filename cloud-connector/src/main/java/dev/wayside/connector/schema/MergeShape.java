// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.util.List;
import java.util.Optional;

/**
 * How the parts of an object are merged when several writers own them: what a schema says by {@code
 * x-kubernetes-list-type}, {@code -list-map-keys} and {@code -map-type}. One place in the schema;
 * the places inside are reached by {@link #field} and {@link #items}. Immutable.
 */
public interface MergeShape {

    /** Who owns what of a list. */
    enum ListType {
        /** The list as a whole has one owner. */
        ATOMIC,
        /** Each value, which occurs once. */
        SET,
        /** Each item, told apart by {@link #keys}. */
        MAP
    }

    /** Atomic unless the schema says otherwise; without meaning where there is no list. */
    ListType listType();

    /** By which members the items of a {@link ListType#MAP} are told apart; else empty. */
    List<String> keys();

    /** Whether an object here has one owner as a whole, and not one for each member. */
    boolean isAtomicObject();

    /** The place of an object's member; empty where the schema does not say. */
    Optional<? extends MergeShape> field(String name);

    /** The place of a list's items; empty where the schema does not say. */
    Optional<? extends MergeShape> items();
}

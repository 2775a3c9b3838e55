package dev.seedbed.controlplane.wire;

import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.orm.jpa.JpaSystemException;
import org.springframework.transaction.TransactionException;

/** Tells a database that is away or busy, where a repetition may succeed, from a defect of ours. */
public final class DatabaseFailure {

    private DatabaseFailure() {}

    public static boolean mayPass(Throwable failure) {
        return failure instanceof DataAccessResourceFailureException
                || failure instanceof RecoverableDataAccessException
                || failure instanceof TransientDataAccessException
                || failure instanceof TransactionException
                || isLostConnection(failure);
    }

    /** A connection that breaks within a transaction cannot roll back either, and Hibernate tells only of the latter. */
    private static boolean isLostConnection(Throwable failure) {
        return failure instanceof JpaSystemException
                && failure.getCause() instanceof org.hibernate.TransactionException;
    }

    /** What the caller gets. */
    public static SeedbedException of(Throwable failure) {
        return new SeedbedException(ErrorCode.OVERLOADED, "the database cannot be reached", null, failure);
    }
}

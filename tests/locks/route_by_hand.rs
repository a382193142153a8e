//~ step house.register.route
//~ E0451 of struct `Route` are private
//! No operation but the one the register found.

use std::sync::Arc;

use muhrdor::domain::operation::Operation;
use muhrdor::register::Route;

pub fn to_another_operation(route: Route, operation: Arc<Operation>) -> Route {
    Route { operation, ..route }
}
